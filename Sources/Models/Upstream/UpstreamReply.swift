import Chat
import FoundationEssentials

/// What an upstream says, as it is on the wire: a whole completion, or a piece of a stream. Whatever servers leave out or write as null may
/// be missing.
struct UpstreamReply: Decodable {
    struct Choice: Decodable {
        var message: Content?
        var delta: Content?
        var finishReason: String?

        enum CodingKeys: String, CodingKey {
            case message
            case delta
            case finishReason = "finish_reason"
        }
    }

    struct Content: Decodable {
        var content: String?
        var refusal: String?
        var toolCalls: [ToolCall]?

        enum CodingKeys: String, CodingKey {
            case content
            case refusal
            case toolCalls = "tool_calls"
        }
    }

    struct ToolCall: Decodable {
        struct Function: Decodable {
            var name: String?
            var arguments: String?
        }

        var index: Int?
        var id: String?
        var function: Function?
    }

    struct Cost: Decodable {
        var promptTokens: Int?
        var completionTokens: Int?
        var totalTokens: Int?

        enum CodingKeys: String, CodingKey {
            case promptTokens = "prompt_tokens"
            case completionTokens = "completion_tokens"
            case totalTokens = "total_tokens"
        }

        /// Nil where one of the counts is missing.
        var usage: Usage? {
            guard let promptTokens, let completionTokens else { return nil }
            var usage = Usage(promptTokens: promptTokens, completionTokens: completionTokens)
            if let totalTokens { usage.totalTokens = totalTokens }
            return usage
        }
    }

    var choices: [Choice]?
    var usage: Cost?
    var error: UpstreamProblem?

    /// Nil where the bytes are no JSON object of this kind.
    init?(_ bytes: [UInt8]) {
        guard let reply = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else { return nil }
        self = reply
    }

    /// The first choice's `logprobs`, as the upstream wrote them.
    static func logprobs(in bytes: [UInt8]) -> JSONValue? {
        var scanner = JSONScanner(bytes)
        guard let choices = try? scanner.members()["choices"] else { return nil }
        var inside = scanner.moved(to: choices.lowerBound)
        guard let choice = try? inside.elements().first else { return nil }
        inside = scanner.moved(to: choice.lowerBound)
        guard let range = try? inside.members()["logprobs"] else { return nil }
        // White space between the values may contain line feeds; inside strings they are escaped.
        let text = scanner[range].filter { $0 >= 0x20 }
        return text == Array("null".utf8) ? nil : .text(text)
    }
}

/// An error as servers write it: an object of OpenAI's, or a string, or something else.
struct UpstreamProblem: Decodable {
    var message: String?
    var param: String?

    private enum CodingKeys: String, CodingKey {
        case message
        case param
    }

    init(from decoder: any Decoder) throws {
        if let container = try? decoder.container(keyedBy: CodingKeys.self) {
            message = try? container.decodeIfPresent(String.self, forKey: .message)
            param = try? container.decodeIfPresent(String.self, forKey: .param)
        } else {
            message = try? decoder.singleValueContainer().decode(String.self)
        }
    }

    /// The error of a body: OpenAI's `error`, or what FastAPI's servers call `detail`, or a bare `message`. Nil where the body is none.
    init?(body: [UInt8]) {
        struct Body: Decodable {
            var error: UpstreamProblem?
            var detail: UpstreamProblem?
            var message: String?
        }
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(body)) else { return nil }
        guard var problem = body.error ?? body.detail ?? (try? JSONDecoder().decode(Self.self, from: Data("null".utf8))) else { return nil }
        problem.message = problem.message ?? body.message
        self = problem
    }
}
