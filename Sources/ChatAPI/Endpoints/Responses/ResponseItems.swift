import Chat
import FoundationEssentials
import JSON
import Sessions
import Text

/// The items that the Responses API makes of a turn's messages.
struct ResponseItems {
    let address: TurnAddress
    /// True if the probabilities of the answer's tokens are shown, as far as they are known.
    var includesLogprobs = false
    /// True if items of reasoning have `encrypted_content`, for clients that send back nothing else.
    var sealsReasoning = false

    /// What came before the answer.
    func input(of turn: Turn) -> [JSONValue] {
        let messages = turn.isGiven ? turn.messages[...] : turn.messages.dropLast()
        return messages.enumerated().flatMap { items(of: $0.element, at: $0.offset + 1) }
    }

    /// All of a turn.
    static func all(of turn: Turn, in session: SessionKey) -> [JSONValue] {
        let items = ResponseItems(address: TurnAddress(turn, in: session))
        return items.input(of: turn) + items.output(of: turn)
    }

    /// The answer.
    func output(of turn: Turn) -> [JSONValue] {
        guard !turn.isGiven, let answer = turn.messages.last else { return [] }
        return parts(of: answer).map { item($0, of: answer, at: 0, turn) }
    }

    private func items(of message: Message, at index: Int) -> [JSONValue] {
        guard !message.isRemoved else { return [] }
        return switch message.role {
        case .assistant: parts(of: message).map { item($0, of: message, at: index, nil) }
        case .tool, .function:
            [
                [
                    "type": "function_call_output", "id": id(.result, index), "call_id": .string(message.toolCallID ?? message.name ?? ""),
                    "output": .string(message.content), "status": "completed",
                ]
            ]
        case .user, .system, .developer:
            [
                [
                    "type": "message", "id": id(.message, index), "status": "completed", "role": .string(message.role.rawValue),
                    "content": .array(message.parts.isEmpty ? [Self.text(message.content)] : message.parts.map(Self.part)),
                ]
            ]
        }
    }

    private func id(_ kind: ItemID.Kind, _ message: Int) -> JSONValue { .string("\(ItemID(kind, address, message: message))") }

    private static func text(_ text: String) -> JSONValue { ["type": "input_text", "text": .string(text)] }

    private static func part(_ part: Message.Part) -> JSONValue {
        switch part {
        case .text(let text): self.text(text)
        case .image(let url, let detail):
            ["type": "input_image", "image_url": .string(url), "detail": .string(detail ?? "auto")]
        case .audio(let data, let format):
            ["type": "input_audio", "input_audio": ["data": .string(data), "format": .string(format)]]
        case .file(let data, let name):
            .object(
                [("type", "input_file")] + (name.map { [("filename", .string($0))] } ?? []) + [("file_data", .string(data))])
        }
    }

    // MARK: The assistant's

    /// The parts of an assistant's message that are items.
    enum Part: Hashable {
        case reasoning
        case message
        /// One of the message's calls.
        case call(Int)
    }

    /// In the order in which a model makes them.
    func parts(of message: Message) -> [Part] {
        guard !message.isRemoved else { return [] }
        let isSilent = message.toolCalls.isEmpty && message.reasoning == nil
        let says = !message.content.isEmpty || message.refusal != nil || isSilent
        let calls = message.toolCalls.indices.filter { !message.toolCalls[$0].isRemoved }
        return (message.reasoning == nil ? [] : [.reasoning]) + (says ? [.message] : []) + calls.map { .call($0) }
    }

    func id(of part: Part, at index: Int) -> ItemID {
        switch part {
        case .reasoning: ItemID(.reasoning, address, message: index)
        case .message: ItemID(.message, address, message: index)
        case .call(let call): ItemID(.call, address, message: index, call: call)
        }
    }

    /// - Parameter turn: the turn whose answer it is; nil if it is part of the input.
    func item(_ part: Part, of message: Message, at index: Int, _ turn: Turn?) -> JSONValue {
        let id = JSONValue.string("\(id(of: part, at: index))")
        let status: JSONValue = turn?.isIncomplete ?? false ? "incomplete" : "completed"
        switch part {
        case .reasoning:
            let text = message.reasoning ?? ""
            let sealed = sealsReasoning ? [("encrypted_content", JSONValue.string(Data(text.utf8).base64EncodedString()))] : []
            return .object(
                [
                    ("type", "reasoning"), ("id", id), ("summary", []), ("content", [Self.reasoning(text)]), ("status", status),
                ] + sealed)
        case .message:
            return [
                "type": "message", "id": id, "status": status, "role": "assistant",
                "content": .array(content(of: message, logprobs: includesLogprobs ? turn?.logprobs : nil)),
            ]
        case .call(let call): return Self.call(message.toolCalls[call], id: id, status: status)
        }
    }

    static func reasoning(_ text: String) -> JSONValue { ["type": "reasoning_text", "text": .string(text)] }

    static func call(_ call: Message.ToolCall, id: JSONValue, status: JSONValue) -> JSONValue {
        [
            "type": "function_call", "id": id, "call_id": .string(call.id), "name": .string(call.name),
            "arguments": .string(call.arguments), "status": status,
        ]
    }

    private func content(of message: Message, logprobs: JSONValue?) -> [JSONValue] {
        var content: [JSONValue] = []
        if !message.content.isEmpty || message.refusal == nil {
            content.append(
                Self.outputText(
                    message.content, annotations: message.annotations, logprobs: logprobs?.member("content")?.elements ?? []))
        }
        if let refusal = message.refusal { content.append(Self.refusal(refusal)) }
        return content
    }

    static func outputText(_ text: String, annotations: [JSONValue] = [], logprobs: [JSONValue] = []) -> JSONValue {
        ["type": "output_text", "text": .string(text), "annotations": .array(annotations), "logprobs": .array(logprobs)]
    }

    static func refusal(_ text: String) -> JSONValue { ["type": "refusal", "refusal": .string(text)] }
}

extension Turn {
    /// True if the model stopped before its end.
    var isIncomplete: Bool { incompleteReason != nil }

    /// Why the model stopped before its end, as the Responses API says it; nil if it did not.
    var incompleteReason: String? {
        switch finishReason {
        case "length": "max_output_tokens"
        case "content_filter": "content_filter"
        default: nil
        }
    }
}

extension ExtraMembers {
    /// A model's thoughts, under the names that servers have for them.
    var reasoning: String? {
        for name in ["reasoning_content", "reasoning"] {
            if let text = self[name]?.string, !text.isEmpty { return text }
        }
        return nil
    }
}

extension Message {
    /// What the model thought before it answered; nil if that is not known.
    var reasoning: String? { extras.reasoning }

    /// The places of the answer that other pages speak of, as the Responses API has them.
    fileprivate var annotations: [JSONValue] {
        (extras["annotations"]?.elements ?? []).compactMap { annotation in
            guard annotation.member("type")?.string == "url_citation", let citation = annotation.member("url_citation"),
                let url = citation.member("url")?.string
            else { return nil }
            return [
                "type": "url_citation", "url": .string(url), "title": .string(citation.member("title")?.string ?? ""),
                "start_index": .integer(citation.member("start_index")?.wholeNumber ?? 0),
                "end_index": .integer(citation.member("end_index")?.wholeNumber ?? 0),
            ]
        }
    }
}
