import Chat
import Foundation
import JSON

@testable import Sessions

extension ImportedSession {
    /// Imports a file at a fixed time.
    init(_ text: String, name: String = "x.json", key: String? = nil) throws {
        try self.init(
            Array(text.utf8), name: name, key: try key.map(SessionKey.init), now: Date(timeIntervalSince1970: 1_767_225_600))
    }

    /// The turns as the session file will have them.
    func decodedTurns() throws -> [Turn] { try lines.map { try ValueDecoder().read(Turn.self, from: $0.bytes) } }

    /// Roles and texts, one array for each turn.
    func said() throws -> [[String]] { try decodedTurns().map { $0.messages.map { "\($0.role.rawValue): \($0.content)" } } }
}

extension ExportFormat {
    /// An export as it is and, if it is one JSON document, reformatted.
    func forms(of bytes: [UInt8]) throws -> [[UInt8]] {
        guard self == .json else { return [bytes] }
        let object = try JSONSerialization.jsonObject(with: Data(bytes))
        return [bytes, Array(try JSONSerialization.data(withJSONObject: object, options: [.prettyPrinted, .sortedKeys]))]
    }
}
