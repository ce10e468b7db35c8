import Chat
import FoundationEssentials
import Models

extension Prompt {
    /// A conversation in which the user said each of the texts in turn, each answered by the given text.
    static func make(said: [String] = [], answer: String = "I see.", message: String) -> Prompt {
        Prompt(
            history: said.map { PastTurn([Message(role: .user, content: $0), Message(role: .assistant, content: answer)]) },
            turn: [Message(role: .user, content: message)])
    }
}

extension BuiltinModel {
    /// A model at 09:05 on Monday, 23 November 2026.
    static let make = BuiltinModel(now: { Date(timeIntervalSince1970: 1_795_424_700) })

    /// It never fails.
    func complete(_ prompt: Prompt) async -> Completion { await complete(prompt, onDelta: nil) }

    func answer(_ message: String, after said: [String] = []) async -> String {
        await complete(.make(said: said, message: message)).content
    }
}
