import Chat
import JSON
import Server

/// The body of `POST /v1/chat/completions`, checked.
struct ChatRequest {
    var model: String?
    var stream: Bool
    /// `stream_options.include_usage`.
    var includesUsage: Bool
    /// `system` and `developer` messages, in order.
    var instructions: [Message]
    /// What this turn adds: the last `user` message, or the tool results that end the request.
    var turn: [Message]
    /// Further parameters for the model.
    var parameters: [(name: String, value: JSONValue)]
    /// The index in the request's messages at which the turn begins.
    var turnStart: Int

    /// In bytes: each turn stores a model name.
    private static let longestModel = 256

    /// - Parameter allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    /// - Throws: `APIError` and `JSONFieldError`, which say what is wrong with the body.
    init(_ body: [UInt8], allowsRemoteImages: Bool = false) throws {
        let body = try JSONField(requestBody: body)
        model = try body.member("model")?.string()
        if model?.isEmpty == true { model = nil }
        guard model.map({ $0.utf8.count <= Self.longestModel }) ?? true else {
            throw APIError.invalidValue("model is longer than \(Self.longestModel) bytes", param: "model")
        }
        stream = try body.member("stream")?.bool() ?? false
        includesUsage = try body.member("stream_options")?.member("include_usage")?.bool() ?? false
        guard try body.member("n")?.integer(in: 1...128) ?? 1 == 1 else {
            throw APIError(status: 400, code: "unsupported_value", message: "n must be 1", param: "n")
        }
        parameters = try Self.parameters(of: body)

        guard let list = try body.member("messages"), case .array(let array) = list.value, !array.isEmpty else {
            throw APIError.invalidMessages()
        }
        let fields = try list.elements()
        var messages: [Message] = []
        for field in fields { messages.append(try Message(said: field)) }
        instructions = messages.filter { $0.role == .system || $0.role == .developer }
        turn = []
        turnStart = messages.lastIndex { $0.role != .tool }.map { $0 + 1 } ?? 0
        if turnStart < messages.count {
            for field in fields[turnStart...] { turn.append(try Message(toolResult: field)) }
        } else {
            guard let question = messages.lastIndex(where: { $0.role == .user }) else {
                throw APIError.invalidMessages("messages must contain a user message")
            }
            try Self.checkMedia(of: messages[question], at: fields[question].path + ".content", allowsRemoteImages: allowsRemoteImages)
            turn = [messages[question]]
            turnStart = question
        }
    }
}
