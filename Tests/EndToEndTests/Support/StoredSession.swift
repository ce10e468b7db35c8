import Foundation

/// A session file as one JSON document, for files of many turns.
struct StoredSession: Decodable {
    struct Turn: Decodable {
        struct Message: Decodable {
            var role: String
            var content: String
        }

        struct Request: Decodable {
            var id: String
            var idempotency_key: String?
        }

        struct Usage: Decodable {
            var prompt_tokens: Int
        }

        var id: String
        var messages: [Message]
        var usage: Usage
        var request: Request

        /// The user's text.
        var question: String { messages[0].content }
        /// The words of all messages: what blanks and line feeds separate.
        var wordCount: Int {
            messages.reduce(0) { $0 + $1.content.utf8.split { $0 <= 0x20 }.count }
        }
    }

    var format: String
    var key: String
    var turns: [Turn]

    init(_ bytes: [UInt8]) throws { self = try JSONDecoder().decode(Self.self, from: Data(bytes)) }
}

extension Server {
    /// A session file whose name is its key.
    func stored(_ key: String) throws -> StoredSession { try StoredSession(try bytes(ofSession: key)) }
}
