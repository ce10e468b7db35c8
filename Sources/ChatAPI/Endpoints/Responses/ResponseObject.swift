import Chat
import JSON
import Server
import Sessions
import Text

/// A response as the Responses API shows it.
struct ResponseObject {
    enum Status: String {
        case cancelled
        case completed
        case failed
        case inProgress = "in_progress"
        case incomplete
        case queued
    }

    let address: TurnAddress
    /// In seconds since 1970.
    let createdAt: Int
    let model: String
    /// What the request set, under the names of the response's members.
    let settings: [(String, JSONValue)]
    /// All members that the request may set, as they are: JSON without braces. Written once, as a stream shows them three times.
    private let shown: [UInt8]
    /// True if the client wants the model's thoughts in the form in which it sends them back.
    var sealsReasoning = false

    init(address: TurnAddress, model: String, settings: JSONValue?) {
        (self.address, createdAt, self.model) = (address, address.turn.time, model)
        if case .object(let members) = settings { self.settings = members } else { self.settings = [] }
        guard self.settings.contains(where: { $0.0 != "created_at" }) else {
            shown = Self.defaultText
            return
        }
        let own = self.settings.filter { setting in setting.0 != "created_at" && !Self.defaults.contains { $0.0 == setting.0 } }
        let members = Self.defaults.map { [settings = self.settings] name, value in (name, settings.first { $0.0 == name }?.1 ?? value) }
        shown = Self.text(of: members + own)
    }

    /// The response of a stored turn.
    init(_ turn: Turn, in session: SessionKey) {
        self.init(address: TurnAddress(turn, in: session), model: turn.model, settings: turn.response)
    }

    /// The members that every response has, as they are unless the request sets them.
    private static let defaults: [(String, JSONValue)] = [
        ("background", false), ("instructions", nil), ("max_output_tokens", nil), ("max_tool_calls", nil), ("parallel_tool_calls", true),
        ("presence_penalty", 0), ("frequency_penalty", 0), ("previous_response_id", nil), ("prompt_cache_key", nil), ("reasoning", nil),
        ("safety_identifier", nil), ("service_tier", "default"), ("store", true), ("temperature", 1),
        ("text", ["format": ["type": "text"]]), ("tool_choice", "auto"), ("tools", []), ("top_logprobs", 0), ("top_p", 1),
        ("truncation", "auto"), ("metadata", [:]),
    ]

    private static let defaultText = text(of: defaults)

    private static func text(of members: [(String, JSONValue)]) -> [UInt8] {
        var text: [UInt8] = []
        JSONValue.append(members, to: &text)
        return text
    }

    var items: ResponseItems { ResponseItems(address: address, includesLogprobs: true, sealsReasoning: sealsReasoning) }

    /// The response to a turn that has ended.
    func json(_ turn: Turn) -> JSONValue { json(turn, output: items.output(of: turn)) }

    /// - Parameter output: the items of the answer.
    func json(_ turn: Turn, output: [JSONValue]) -> JSONValue {
        json(
            turn.isIncomplete ? .incomplete : .completed, completedAt: turn.isIncomplete ? nil : max(createdAt, turn.created),
            incomplete: turn.incompleteReason, output: output, usage: turn.usage)
    }

    func json(
        _ status: Status, completedAt: Int? = nil, error: APIError? = nil, incomplete: String? = nil, output: [JSONValue] = [],
        usage: Usage? = nil
    ) -> JSONValue {
        var text: [UInt8] = [UInt8(ascii: "{")]
        text.reserveCapacity(1024)
        let members: KeyValuePairs<String, JSONValue> = [
            "id": .string(address.responseID), "object": "response", "created_at": .integer(createdAt),
            "status": .string(status.rawValue), "completed_at": completedAt.map(JSONValue.integer) ?? .null,
            "error": error.map(Self.failure) ?? .null, "incomplete_details": incomplete.map { ["reason": .string($0)] } ?? .null,
            "model": .string(model), "output": .array(output), "usage": usage?.responseJSON ?? .null,
        ]
        JSONValue.append(members, to: &text)
        text.append(UInt8(ascii: ","))
        text += shown
        text.append(UInt8(ascii: "}"))
        return .text(text)
    }

    /// A failed response's error.
    static func failure(_ error: APIError) -> JSONValue { ["code": .string(Self.code(error)), "message": .string(error.message)] }

    /// One of the codes that a failed response may have.
    private static func code(_ error: APIError) -> String {
        switch error.code {
        case "rate_limit_exceeded", "insufficient_quota": "rate_limit_exceeded"
        case _ where error.status < 500: "invalid_prompt"
        default: "server_error"
        }
    }
}

extension Turn {
    /// The turn as a response.
    func response(in session: SessionKey) -> JSONValue { ResponseObject(self, in: session).json(self) }
}

extension Usage {
    /// The usage as the Responses API writes it.
    var responseJSON: JSONValue {
        func detail(_ group: String, _ name: String) -> JSONValue {
            .integer(max(0, details[group]?.member(name)?.wholeNumber ?? 0))
        }
        return [
            "input_tokens": .integer(promptTokens),
            "input_tokens_details": [
                "cached_tokens": detail("prompt_tokens_details", "cached_tokens"),
                "cache_write_tokens": detail("prompt_tokens_details", "cache_write_tokens"),
            ],
            "output_tokens": .integer(completionTokens),
            "output_tokens_details": ["reasoning_tokens": detail("completion_tokens_details", "reasoning_tokens")],
            "total_tokens": .integer(totalTokens),
        ]
    }
}
