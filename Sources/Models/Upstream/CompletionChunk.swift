import Chat
import FoundationEssentials

/// A `chat.completion` or a chunk of one, as upstreams write it. Anything of an unexpected type counts as missing.
struct CompletionChunk: Decodable {
    var choice: Choice?
    var usage: Usage?
    var errorBody: UpstreamErrorBody?

    private enum CodingKeys: String, CodingKey {
        case choices
        case usage
        case error
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let choices = (try? container.decode([Choice].self, forKey: .choices)) ?? []
        choice = choices.first { ($0.index ?? 0) == 0 }
        usage = (try? container.decode(ChunkUsage.self, forKey: .usage))?.usage
        if container.contains(.error), !((try? container.decodeNil(forKey: .error)) ?? true) {
            errorBody = (try? container.decode(UpstreamErrorBody.self, forKey: .error)) ?? UpstreamErrorBody()
        }
    }

    struct Choice: Decodable {
        var index: Int?
        var message: MessageChunk?
        var finishReason: String?
        var hasLogprobs: Bool

        private enum CodingKeys: String, CodingKey {
            case index
            case delta
            case message
            case finishReason = "finish_reason"
            case logprobs
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            index = try? container.decode(Int.self, forKey: .index)
            message =
                (try? container.decode(MessageChunk.self, forKey: .delta)) ?? (try? container.decode(MessageChunk.self, forKey: .message))
            finishReason = (try? container.decode(String.self, forKey: .finishReason)).flatMap { $0.isEmpty ? nil : $0 }
            hasLogprobs = !((try? container.decodeNil(forKey: .logprobs)) ?? true)
        }
    }

    /// A message or an addition to it.
    struct MessageChunk: Decodable {
        var content: String
        var refusal: String?
        var toolCalls: [Call]

        private enum CodingKeys: String, CodingKey {
            case content
            case refusal
            case toolCalls = "tool_calls"
        }

        private struct Part: Decodable {
            var text: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            // Mistral's reasoning models send a list of parts.
            content =
                (try? container.decode(String.self, forKey: .content))
                ?? (try? container.decode([Part].self, forKey: .content))?.compactMap(\.text).joined() ?? ""
            refusal = try? container.decode(String.self, forKey: .refusal)
            toolCalls = (try? container.decode([Call].self, forKey: .toolCalls)) ?? []
        }
    }

    /// A tool call or an addition to it. An empty id or name counts as missing.
    struct Call: Decodable {
        var index: Int?
        var id: String?
        var name: String?
        var arguments: String

        private enum CodingKeys: String, CodingKey {
            case index
            case id
            case function
        }

        private struct Function: Decodable {
            var name: String?
            var arguments: String?
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let function = try? container.decode(Function.self, forKey: .function)
            index = try? container.decode(Int.self, forKey: .index)
            id = (try? container.decode(String.self, forKey: .id)).flatMap { $0.isEmpty ? nil : $0 }
            name = function?.name.flatMap { $0.isEmpty ? nil : $0 }
            arguments = function?.arguments ?? ""
        }
    }

    private struct ChunkUsage: Decodable {
        var usage: Usage

        private enum CodingKeys: String, CodingKey {
            case prompt = "prompt_tokens"
            case completion = "completion_tokens"
            case total = "total_tokens"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            let prompt = try container.decode(Int.self, forKey: .prompt)
            guard prompt >= 0 else {
                throw DecodingError.dataCorruptedError(forKey: .prompt, in: container, debugDescription: "less than no tokens")
            }
            usage = Usage(
                promptTokens: prompt, completionTokens: (try? container.decode(Int.self, forKey: .completion)) ?? 0,
                totalTokens: try? container.decode(Int.self, forKey: .total))
        }
    }
}

extension UpstreamErrorBody {
    /// An error without any details.
    init() {}
}
