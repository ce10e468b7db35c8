import Chat
import JSON
import Text

/// A `chat.completion` or a chunk of one, as upstreams write it. Anything of an unexpected type counts as missing.
struct CompletionChunk {
    var choice: Choice?
    var usage: Usage?
    var errorBody: UpstreamErrorBody?

    init(_ value: JSONValue) {
        choice = value.member("choices")?.elements?.lazy.filter(\.isObject).map(Choice.init).first { ($0.index ?? 0) == 0 }
        usage = (value.member("usage")?.withoutCutText).flatMap(Usage.init(reported:))
        errorBody = UpstreamErrorBody(reportedIn: value.withoutCutText) ?? choice?.errorBody
    }

    init(choice: Choice?, usage: Usage?, errorBody: UpstreamErrorBody?) {
        (self.choice, self.usage, self.errorBody) = (choice, usage, errorBody)
    }

    /// The JSON object in a text; nil if there is none.
    static func object(in text: [UInt8]) -> JSONValue? {
        guard var value = try? JSONField(parsing: text, leniency: .chunks).value else { return nil }
        // Google's endpoint wraps an error in an array.
        if let first = value.elements?.first { value = first }
        return value.isObject ? value : nil
    }

    struct Choice {
        var index: Int?
        /// A message or an addition to it. It may have halves of characters.
        var message: JSONValue?
        /// True if `message` is not an addition.
        var isWhole: Bool
        var finishReason: String?
        var logprobs: JSONValue?
        var errorBody: UpstreamErrorBody?

        init(message: JSONValue?, isWhole: Bool, finishReason: String?, logprobs: JSONValue?) {
            (self.message, self.isWhole, self.finishReason, self.logprobs) = (message, isWhole, finishReason, logprobs)
        }

        init(_ value: JSONValue) {
            index = value.member("index")?.wholeNumber
            let delta = value.member("delta").flatMap { $0.isObject ? $0 : nil }
            message = delta ?? value.member("message").flatMap { $0.isObject ? $0 : nil }
            isWhole = delta == nil
            finishReason = value.member("finish_reason")?.text
            logprobs = value.member("logprobs")?.withoutCutText
            errorBody = value.member("error").flatMap { UpstreamErrorBody(error: $0.withoutCutText) }
            // OpenRouter and Zhipu end an answer so that their own upstream failed to give.
            if let finishReason, ["error", "network_error"].contains(finishReason), errorBody == nil { errorBody = UpstreamErrorBody() }
        }
    }

    /// A message or an addition to it.
    struct MessageChunk {
        var content: String
        var refusal: String?
        var toolCalls: [Call]
        var extras: ExtraMembers

        init(_ value: JSONValue) {
            content = value.member("content").map(Self.content) ?? ""
            refusal = value.member("refusal")?.text
            toolCalls = value.member("tool_calls")?.elements?.filter(\.isObject).map(Call.init) ?? []
            extras = ExtraMembers(of: value, besides: Message.knownMembers)
        }

        /// The text of a content. Mistral's reasoning models send a list of parts, and others a part, or the JSON that they were asked for.
        private static func content(_ value: JSONValue) -> String {
            switch value {
            case .null: ""
            case .string(let text): text
            case .array(let elements): elements.map(content).joined()
            case .object(let members):
                if let text = value.member("text")?.string {
                    text
                } else if members.isEmpty || value.member("type") != nil {
                    ""
                } else {
                    String(decoding: value.serialized, as: UTF8.self)
                }
            case .integer, .bool, .text: String(decoding: value.serialized, as: UTF8.self)
            }
        }
    }

    /// A tool call or an addition to it. An empty id or name counts as missing.
    struct Call {
        var index: Int?
        var id: String?
        var name: String?
        var arguments: String
        var extras: ExtraMembers

        init(_ value: JSONValue) {
            let function = value.member("function")
            index = value.member("index")?.wholeNumber
            id = value.member("id")?.text
            name = function?.member("name")?.text
            arguments = function?.member("arguments").map(Self.arguments) ?? ""
            extras = ExtraMembers(of: value, besides: Message.ToolCall.knownMembers)
        }

        /// Arguments as text. An empty object may stand before those that follow in further chunks.
        private static func arguments(_ value: JSONValue) -> String {
            switch value {
            case .null: ""
            case .object(let members) where members.isEmpty: ""
            case .string(let text): text
            default: String(decoding: value.serialized, as: UTF8.self)
            }
        }
    }
}

extension Usage {
    /// Nil unless the number of the prompt's tokens is reported.
    init?(reported value: JSONValue) {
        guard let prompt = value.member("prompt_tokens")?.wholeNumber, prompt >= 0 else { return nil }
        self.init(
            promptTokens: prompt, completionTokens: value.member("completion_tokens")?.wholeNumber ?? 0,
            totalTokens: value.member("total_tokens")?.wholeNumber, details: ExtraMembers(of: value, besides: Self.knownMembers))
    }
}

extension JSONValue {
    /// A string that is not empty.
    fileprivate var text: String? { string.flatMap { $0.isEmpty ? nil : $0 } }
}
