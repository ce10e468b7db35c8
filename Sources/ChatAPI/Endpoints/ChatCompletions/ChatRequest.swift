import Chat
import JSON
import Server
import Text

/// The body of `POST /v1/chat/completions`, checked.
struct ChatRequest {
    var model: String?
    var stream: Bool
    /// `stream_options.include_usage`; nil if the request does not say.
    var includesUsage: Bool?
    /// What the client notes of a completion that it wants to find again; nil if it does not.
    var storedMetadata: JSONValue?
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
        let (body, isStrict) = try Self.body(bytes)
        model = try Self.model(in: body)
        stream = try body.member("stream")?.bool() ?? false
        includesUsage = try body.member("stream_options")?.member("include_usage")?.bool()
        guard try body.member("n")?.integer(in: 1...128) ?? 1 == 1 else {
            throw APIError(status: 400, code: "unsupported_value", message: "n must be 1", param: "n")
        }
        (parameters, otherParameters) = try Self.parameters(of: body)
        if try body.member("store")?.bool() ?? false {
            storedMetadata = try body.member("metadata")?.metadata() ?? [:]
            // Servers refuse it with a completion that they do not store.
            parameters.removeAll { $0.name == "metadata" }
        }
        guard let list = try body.member("messages"), case .array(let array) = list.value, !array.isEmpty else {
            throw APIError.invalidMessages()
        }
        conversation = try Conversation(list.elements(), allowsRemoteImages: allowsRemoteImages)
        guard isStrict || !(conversation.new + conversation.instructions).contains(where: \.mayBeCut) else {
            throw APIError.invalidJSON
        }
    }

    /// Reads a body. A client that once cut a text in the middle of a character repeats that with each turn; in what is new it is an error.
    ///
    /// - Returns: false with a body that has such texts.
    static func body(_ bytes: [UInt8]) throws(APIError) -> (JSONField, isStrict: Bool) {
        if let strict = try? JSONField(requestBody: bytes) { return (strict, true) }
        return (try JSONField(requestBody: bytes, leniency: .cutCharacters), false)
    }

    /// The model that a request names; nil if it names none.
    static func model(in body: JSONField) throws -> String? {
        guard let model = try body.member("model")?.string(), !model.isEmpty else { return nil }
        guard model.utf8.count <= longestModel else {
            throw APIError.invalidValue("model is longer than \(longestModel) bytes", param: "model")
        }
        return model
    }
}

extension Message {
    /// True if a text has what stands for half of a character.
    var mayBeCut: Bool { [content, name ?? "", toolCallID ?? ""].contains { $0.unicodeScalars.contains("\u{fffd}") } }
}
