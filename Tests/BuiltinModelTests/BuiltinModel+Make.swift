import BuiltinModel
import FoundationEssentials
import Models
import TestSupport

extension BuiltinModel {
    /// A model at 09:05 on Monday, 23 November 2026.
    static let make = BuiltinModel(now: { Date(timeIntervalSince1970: 1_795_424_700) })

    /// It never fails.
    func complete(_ prompt: Prompt) async -> Completion { await complete(prompt, onDelta: nil) }

    func answer(_ message: String, after said: [String] = []) async -> String {
        await complete(.make(said: said, message: message)).content
    }
}
