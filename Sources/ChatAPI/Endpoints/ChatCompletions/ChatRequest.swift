import Chat
import JSON
import Server

/// The body of `POST /v1/chat/completions`, checked.
struct ChatRequest {
    var model: String?
    var stream: Bool
    /// `stream_options.include_usage`; nil if the request does not say.
    var includesUsage: Bool?
    /// What the client says.
    var conversation: Conversation
    /// Further parameters for the model.
    var parameters: [(name: String, value: JSONValue)]
    /// Members that OpenAI's API does not have.
    var otherParameters: [(name: String, value: JSONValue)]

    /// In bytes: each turn stores a model name.
    private static let longestModel = 256

    /// - Parameter allowsRemoteImages: whether a picture may be an `https:` URL, which the model's server fetches.
    /// - Throws: `APIError` and `JSONFieldError`, which say what is wrong with the body.
    init(_ bytes: [UInt8], allowsRemoteImages: Bool = false) throws {
        // A client that once cut a text in the middle of a character repeats that with each turn. In what is new it is an error.
        let strict = try? JSONField(requestBody: bytes)
        let body = try strict ?? JSONField(requestBody: bytes, leniency: .cutCharacters)
        model = try body.member("model")?.string()
        if model?.isEmpty == true { model = nil }
        guard model.map({ $0.utf8.count <= Self.longestModel }) ?? true else {
            throw APIError.invalidValue("model is longer than \(Self.longestModel) bytes", param: "model")
        }
        stream = try body.member("stream")?.bool() ?? false
        includesUsage = try body.member("stream_options")?.member("include_usage")?.bool()
        guard try body.member("n")?.integer(in: 1...128) ?? 1 == 1 else {
            throw APIError(status: 400, code: "unsupported_value", message: "n must be 1", param: "n")
        }
        (parameters, otherParameters) = try Self.parameters(of: body)
        guard let list = try body.member("messages"), case .array(let array) = list.value, !array.isEmpty else {
            throw APIError.invalidMessages()
        }
        conversation = try Conversation(list.elements(), allowsRemoteImages: allowsRemoteImages)
        guard strict != nil || !(conversation.new + conversation.instructions).contains(where: \.mayBeCut) else {
            throw APIError.invalidJSON
        }
    }
}

extension Message {
    /// True if a text has what stands for half of a character.
    fileprivate var mayBeCut: Bool { [content, name ?? "", toolCallID ?? ""].contains { $0.unicodeScalars.contains("\u{fffd}") } }
}
