import Chat
import JSON

/// A `chat.completion` or a chunk of one, as upstreams write it. Anything of an unexpected type counts as missing.
struct CompletionChunk {
    var choice: Choice?
    var usage: Usage?
    var errorBody: UpstreamErrorBody?

    /// Nil if the text is not a JSON object.
    init?(_ text: [UInt8]) {
        guard let value = try? JSONField(parsing: text).value, value.isObject else { return nil }
        choice = value.member("choices")?.elements?.lazy.filter(\.isObject).map(Choice.init).first { ($0.index ?? 0) == 0 }
        usage = value.member("usage").flatMap(Usage.init(reported:))
        if let error = value.member("error"), !error.isNull { errorBody = UpstreamErrorBody(value: error) ?? UpstreamErrorBody() }
    }

    struct Choice {
        var index: Int?
        var message: MessageChunk?
        var finishReason: String?
        var hasLogprobs: Bool

        init(_ value: JSONValue) {
            index = value.member("index")?.wholeNumber
            message = [value.member("delta"), value.member("message")].lazy.compactMap(\.self).first(where: \.isObject).map(
                MessageChunk.init)
            finishReason = value.member("finish_reason")?.text
            hasLogprobs = value.member("logprobs").map { !$0.isNull } ?? false
        }
    }

    /// A message or an addition to it.
    struct MessageChunk {
        var content: String
        var refusal: String?
        var toolCalls: [Call]

        init(_ value: JSONValue) {
            let content = value.member("content")
            // Mistral's reasoning models send a list of parts.
            self.content = content?.string ?? content?.elements?.compactMap { $0.member("text")?.string }.joined() ?? ""
            refusal = value.member("refusal")?.string
            toolCalls = value.member("tool_calls")?.elements?.filter(\.isObject).map(Call.init) ?? []
        }
    }

    /// A tool call or an addition to it. An empty id or name counts as missing.
    struct Call {
        var index: Int?
        var id: String?
        var name: String?
        var arguments: String

        init(_ value: JSONValue) {
            let function = value.member("function")
            index = value.member("index")?.wholeNumber
            id = value.member("id")?.text
            name = function?.member("name")?.text
            arguments = function?.member("arguments")?.string ?? ""
        }
    }
}

extension Usage {
    /// Nil unless the number of the prompt's tokens is reported.
    fileprivate init?(reported value: JSONValue) {
        guard let prompt = value.member("prompt_tokens")?.wholeNumber, prompt >= 0 else { return nil }
        self.init(
            promptTokens: prompt, completionTokens: value.member("completion_tokens")?.wholeNumber ?? 0,
            totalTokens: value.member("total_tokens")?.wholeNumber)
    }
}

extension JSONValue {
    /// A string that is not empty.
    fileprivate var text: String? { string.flatMap { $0.isEmpty ? nil : $0 } }
}
