import Chat
package import Models

extension Prompt {
    /// A conversation in which the user said each of the texts in turn, each answered by the given text.
    package static func make(said: [String] = [], answer: String = "I see.", message: String) -> Prompt {
        Prompt(
            history: said.map { PastTurn([Message(role: .user, content: $0), Message(role: .assistant, content: answer)]) },
            turn: [Message(role: .user, content: message)])
    }
}
