import Chat

/// The body of `POST /v1/chat/completions`, checked. Every failure is an `APIError`.
struct ChatRequest {
    var model: String?
    var stream: Bool
    /// `system` and `developer` messages, in order.
    var instructions: [Message]
    /// The last `user` message.
    var question: Message

    /// Longer model names are refused: each turn stores one.
    private static let longestModel = 256

    init(_ body: [UInt8]) throws {
        let wire = try Wire(jsonBody: body)
        if let model = wire.model, model.utf8.count > Self.longestModel {
            throw APIError.invalidValue("model is longer than \(Self.longestModel) bytes", param: "model")
        }
        try Self.check(wire.parameters)
        guard !wire.messages.isEmpty else { throw APIError.invalidMessages() }
        if wire.messages.last?.role == .tool {
            let param = "messages[\(wire.messages.count - 1)].tool_call_id"
            throw APIError.invalidMessages("No tool call of this session has this id", param: param)
        }
        guard let question = wire.messages.last(where: { $0.role == .user }) else {
            throw APIError.invalidMessages("messages must contain a user message")
        }
        model = wire.model.flatMap { $0.isEmpty ? nil : $0 }
        stream = wire.stream ?? false
        instructions = wire.messages.filter { $0.role == .system || $0.role == .developer }.map(\.message)
        self.question = question.message
    }

    /// Parameters with a range, as OpenAI's API reference gives it.
    private static let ranges: [(key: Wire.CodingKeys, range: ClosedRange<Double>)] = [
        (.temperature, 0...2), (.topP, 0...1), (.presencePenalty, -2...2), (.frequencyPenalty, -2...2),
        (.maxTokens, 1...Double(Int32.max)), (.maxCompletionTokens, 1...Double(Int32.max)), (.n, 1...128),
    ]

    private static func check(_ parameters: [Wire.CodingKeys: Double]) throws(APIError) {
        for (key, range) in ranges {
            guard let value = parameters[key] else { continue }
            let name = key.rawValue
            guard range.contains(value) else {
                let bounds = [range.lowerBound, range.upperBound].map { String(Int($0)) }.joined(separator: " and ")
                throw .invalidValue("\(name) must be between \(bounds)", param: name)
            }
            if key == .n, value != 1 {
                throw APIError(status: 400, code: "unsupported_value", message: "n must be 1", param: name)
            }
        }
    }
}

/// The body as it is on the wire.
private struct Wire: Decodable {
    enum CodingKeys: String, CodingKey {
        case model
        case messages
        case stream
        case n
        case temperature
        case topP = "top_p"
        case presencePenalty = "presence_penalty"
        case frequencyPenalty = "frequency_penalty"
        case maxTokens = "max_tokens"
        case maxCompletionTokens = "max_completion_tokens"
    }

    var model: String?
    var messages: [WireMessage]
    var stream: Bool?
    var parameters: [CodingKeys: Double] = [:]

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        messages = try container.decode([WireMessage].self, forKey: .messages)
        model = try container.decodeIfPresent(String.self, forKey: .model)
        stream = try container.decodeIfPresent(Bool.self, forKey: .stream)
        for key in container.allKeys where ![.model, .messages, .stream].contains(key) {
            parameters[key] = try container.decodeIfPresent(Double.self, forKey: key)
        }
    }
}

private struct WireMessage: Decodable {
    enum CodingKeys: String, CodingKey {
        case role
        case content
    }

    struct Part: Decodable {
        var type: String
        var text: String?
    }

    var role: Message.Role
    var content: String

    var message: Message { Message(role: role, content: content) }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard let role = Message.Role(rawValue: try container.decode(String.self, forKey: .role)) else {
            let param = APIError.param(container.codingPath + [CodingKeys.role])
            throw APIError.invalidMessages("\(param) must be system, developer, user, assistant or tool", param: param)
        }
        self.role = role
        // What an assistant said before is the server's to know, and may be null where it called tools.
        guard role != .assistant, role != .tool else {
            content = ""
            return
        }
        let path = container.codingPath + [CodingKeys.content]
        do {
            content = try container.decode(String.self, forKey: .content)
        } catch DecodingError.typeMismatch {
            content = try Self.text(of: container, path)
        }
    }

    private static func text(of container: KeyedDecodingContainer<CodingKeys>, _ path: [any CodingKey]) throws -> String {
        let param = APIError.param(path)
        let parts: [Part]
        do {
            parts = try container.decode([Part].self, forKey: .content)
        } catch DecodingError.typeMismatch(_, let context) where context.codingPath.count == path.count {
            throw APIError.invalidMessages("\(param) must be a string or an array of parts", param: param)
        }
        guard !parts.isEmpty else { throw APIError.invalidMessages("\(param) must not be empty", param: param) }
        return try parts.enumerated().map { index, part in
            guard part.type == "text", let text = part.text else {
                throw APIError.invalidMessages("Only text parts are supported yet", param: "\(param)[\(index)].type")
            }
            return text
        }.joined(separator: " ")
    }
}
