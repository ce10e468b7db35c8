import Chat
import JSON
import Server
import Text

/// The messages of a request, sorted by what the server has to do with them.
struct Conversation {
    /// `system` and `developer` messages, in order.
    var instructions: [Message] = []
    /// What stands before the new messages: up to the last `assistant` message. The server has its own record of that, so it is read as far
    /// as it can be understood, and never refused.
    var earlier: [Message] = []
    /// What the request adds: the `user` messages, and before them the results of tools, which have to follow their calls.
    var new: [Message] = []
    /// Where each of the new messages stands in the request.
    var places: [Int] = []

    /// - Parameter allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    /// - Throws: `APIError` and `JSONFieldError`, which say what is wrong with a new message or an instruction.
    init(_ fields: [JSONField], allowsRemoteImages: Bool) throws {
        var roles: [Message.Role?] = []
        for field in fields { roles.append(Message.Role(text: try field.required("role").string())) }
        // An assistant's message at the end only begins the answer.
        let end = roles.lastIndex { $0 != .assistant }.map { $0 + 1 } ?? 0
        let start = roles[..<end].lastIndex(of: .assistant).map { $0 + 1 } ?? 0
        var results: [(place: Int, message: Message)] = []
        var questions: [(place: Int, message: Message)] = []
        for (place, (role, field)) in zip(roles, fields).enumerated() {
            switch role {
            case .system, .developer:
                if place >= start {
                    instructions.append(try Message(instruction: field))
                } else {
                    instructions += Message(past: field, allowsRemoteImages: false)
                }
            case _ where place < start: earlier += Message(past: field, allowsRemoteImages: allowsRemoteImages)
            case .user: questions.append((place, try Message(question: field, allowsRemoteImages: allowsRemoteImages)))
            case .tool, .function: results.append((place, try Message(result: field)))
            case .assistant: break
            case nil: throw try field.required("role").refused("must be system, developer, user, assistant or tool")
            }
        }
        new = (results + questions).map(\.message)
        places = (results + questions).map(\.place)
        guard !new.isEmpty else { throw APIError.invalidMessages("messages must contain a user message") }
    }
}

extension [Message] {
    fileprivate static func += (messages: inout [Message], message: Message?) { if let message { messages.append(message) } }
}
