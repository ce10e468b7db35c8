import Chat
import Foundation

@testable import Sessions

extension ImportedSession {
    /// What a file holds, at a time that tests know.
    init(_ text: String, name: String = "x.json", key: String? = nil) throws {
        try self.init(
            Array(text.utf8), name: name, key: try key.map(SessionKey.init), now: Date(timeIntervalSince1970: 1_767_225_600))
    }

    /// The turns as the session file will have them.
    func decodedTurns() throws -> [Turn] { try turns.map { try JSONDecoder().decode(Turn.self, from: Data($0.bytes)) } }

    /// Who says what, a turn an array.
    func said() throws -> [[String]] { try decodedTurns().map { $0.messages.map { "\($0.role.rawValue): \($0.content)" } } }
}
