import CGI
import Chat
import Concurrency
import JSON
import Models
import Server
import Sessions
import Text

/// One response as the events of OpenAI's Responses API.
final class ResponseStream: Sendable {
    private typealias Part = ResponseItems.Part

    private struct State {
        /// True once the model works on the response.
        var hasBegun = false
        /// Of the next event.
        var sequenceNumber = 0
        /// The parts of the answer that have begun, in order: each is the output item of its place.
        var parts: [Part] = []
        /// Their places.
        var places: [Part: Int] = [:]
        /// What the events of each of them begin with.
        var placeTexts: [[UInt8]] = []
        /// Those that have ended, unless the model went on with them.
        var closed: Set<Part> = []
        /// What the model has said so far.
        var said = Message(role: .assistant, content: "")
        /// The kinds of content that the message has, in order.
        var contents: [String] = []

        /// False for a call whose arguments are not complete: models make several in turns, and clients run what is done.
        func isWhole(_ part: Part) -> Bool {
            guard case .call(let index) = part else { return true }
            return (try? JSONField(parsing: Array(said.toolCalls[index].arguments.utf8))) != nil
        }

        /// Where a part is, which has begun.
        func place(_ part: Part) -> [UInt8] { placeTexts[places[part] ?? 0] }

        /// Where a piece of a part's content is.
        func place(_ part: Part, content: Int) -> [UInt8] {
            var text = place(part)
            text += ",\"content_index\":".utf8
            text += String(content).utf8
            return text
        }

        /// Says that the model goes on with a part, which may have ended.
        mutating func goOn(_ part: Part) { closed.remove(part) }

        /// A message with its content in the order in which it began.
        func inOrder(_ item: JSONValue) -> JSONValue {
            guard contents.count > 1, case .object(var members) = item, let place = members.firstIndex(where: { $0.0 == "content" }),
                let content = members[place].1.elements
            else { return item }
            func rank(_ content: JSONValue) -> Int {
                contents.firstIndex { $0 == content.member("type")?.string } ?? contents.count
            }
            members[place].1 = .array(content.sorted { rank($0) < rank($1) })
            return .object(members)
        }

        /// A call of what the model has said, which gets a place if it is new.
        mutating func call(_ index: Int, _ new: Message.ToolCall?) -> Message.ToolCall {
            let empty = Message.ToolCall(id: "", name: "", arguments: "")
            while said.toolCalls.count <= index { said.toolCalls.append(empty) }
            if let new { said.toolCalls[index] = new }
            return said.toolCalls[index]
        }
    }

    /// What the stream is of: known with its first event.
    private let object = Mutex<ResponseObject?>(nil)
    private let state = Mutex(State())

    /// The events of a response that waits for its turn.
    func queue(_ object: ResponseObject) -> [UInt8] {
        add(object) { state, events in
            let response = object.json(.queued)
            for name in ["response.created", "response.queued"] { events.add(name, [], ["response": response]) }
        }
    }

    /// The events of a response on which the model begins to work.
    func start(_ object: ResponseObject) -> [UInt8] { add(object) { state, events in Self.begin(&state, &events) } }

    private func add(_ object: ResponseObject, _ add: (inout State, inout EventWriter) -> Void) -> [UInt8] {
        self.object.withLock { $0 = object }
        return state.withLock { state in
            var events = EventWriter(object, state.sequenceNumber)
            add(&state, &events)
            state.sequenceNumber = events.sequenceNumber
            return events.bytes
        }
    }

    /// The events for what the model adds; empty if it adds nothing.
    func events(_ delta: Delta, of object: ResponseObject) -> [UInt8] {
        guard delta != Delta() else { return [] }
        return state.withLock { state in
            if !state.hasBegun { self.object.withLock { $0 = object } }
            var events = EventWriter(object, state.sequenceNumber)
            Self.begin(&state, &events)
            if let text = delta.extras.reasoning {
                state.said.extras.append(ExtraMembers(of: ["reasoning": .string(text)], besides: []))
                Self.open(.reasoning, &state, &events)
                events.add("response.reasoning_text.delta", state.place(.reasoning, content: 0), ["delta": .string(text)])
            }
            if !delta.content.isEmpty {
                let logprobs = delta.logprobs?.member("content")?.elements ?? []
                Self.addText(delta.content, logprobs: logprobs, &state, &events)
            }
            if let refusal = delta.refusal { Self.addRefusal(refusal, &state, &events) }
            for call in delta.toolCalls {
                Self.open(
                    .call(call.index), &state, &events, call: Message.ToolCall(id: call.id ?? "", name: call.name ?? "", arguments: ""))
                if !call.arguments.isEmpty {
                    state.goOn(.call(call.index))
                    state.said.toolCalls[call.index].arguments += call.arguments
                    events.add(
                        "response.function_call_arguments.delta", state.place(.call(call.index)), ["delta": .string(call.arguments)])
                }
            }
            state.sequenceNumber = events.sequenceNumber
            return events.bytes
        }
    }

    /// The events that end a stream once its turn is stored. If nothing was streamed before, because the turn is replayed, they are the whole
    /// stream.
    func end(_ turn: Turn, of object: ResponseObject) -> [UInt8] {
        let items = object.items
        guard let answer = turn.messages.last else { return [] }
        return state.withLock { state in
            var events = EventWriter(object, state.sequenceNumber)
            Self.begin(&state, &events)
            // What was not streamed is, in one piece.
            for part in items.parts(of: answer) where state.places[part] == nil { Self.addWhole(part, of: answer, &state, &events) }
            var output: [JSONValue] = []
            for part in state.parts {
                // A call that was begun and is not in the answer has no end.
                if case .call(let index) = part, !answer.toolCalls.indices.contains(index) { continue }
                let item = state.inOrder(items.item(part, of: answer, at: 0, turn))
                let text = JSONValue.text(item.serialized)
                if !state.closed.contains(part) { Self.close(part, item, text, &state, &events) }
                output.append(text)
            }
            events.add(
                turn.isIncomplete ? "response.incomplete" : "response.completed", [], ["response": object.json(turn, output: output)])
            state.sequenceNumber = events.sequenceNumber
            return events.bytes + EventStream.data(Array("[DONE]".utf8))
        }
    }

    /// The events that end a stream whose turn failed: clients look for either of the two.
    func end(_ error: APIError) -> [UInt8] {
        guard let object = object.withLock(\.self) else { return Self.error(error, number: 0) }
        return state.withLock { state in
            var events = EventWriter(object, state.sequenceNumber)
            events.add("response.failed", [], ["response": object.json(.failed, error: error)])
            return events.bytes + Self.error(error, number: events.sequenceNumber)
        }
    }

    static func error(_ error: APIError, number: Int) -> [UInt8] {
        let event: JSONValue = [
            "type": "error", "sequence_number": .integer(number), "code": .string(error.code), "message": .string(error.message),
            "param": .optional(error.param), "error": error.body.member("error") ?? .null,
        ]
        return EventStream.event("error", line: event.serialized)
    }

    // MARK: The parts of an answer

    private static func begin(_ state: inout State, _ events: inout EventWriter) {
        guard !state.hasBegun else { return }
        state.hasBegun = true
        let response = events.object.json(.inProgress)
        if events.sequenceNumber == 0 { events.add("response.created", [], ["response": response]) }
        events.add("response.in_progress", [], ["response": response])
    }

    /// Begins an item, unless it has begun.
    private static func open(
        _ part: Part, _ state: inout State, _ events: inout EventWriter, call: Message.ToolCall? = nil
    ) {
        guard state.places[part] == nil else { return }
        // Clients take the events of one item for those of the last one that began.
        if let earlier = state.parts.last, !state.closed.contains(earlier), state.isWhole(earlier) {
            let item = state.inOrder(events.object.items.item(earlier, of: state.said, at: 0, nil))
            close(earlier, item, item, &state, &events)
        }
        let index = JSONValue.integer(state.parts.count)
        let id = JSONValue.string("\(events.object.items.id(of: part, at: 0))")
        state.places[part] = state.parts.count
        state.parts.append(part)
        let place: KeyValuePairs<String, JSONValue> = ["item_id": id, "output_index": index]
        state.placeTexts.append([])
        JSONValue.append(place, to: &state.placeTexts[state.parts.count - 1])
        let status: JSONValue = "in_progress"
        let item: JSONValue =
            switch part {
            case .reasoning: ["type": "reasoning", "id": id, "summary": [], "content": [], "status": status]
            case .message: ["type": "message", "id": id, "status": status, "role": "assistant", "content": []]
            case .call(let index): ResponseItems.call(state.call(index, call), id: id, status: status)
            }
        events.add("response.output_item.added", [], ["output_index": index, "item": item])
        if part == .reasoning {
            events.add("response.content_part.added", state.place(part, content: 0), ["part": ResponseItems.reasoning("")])
        }
    }

    /// Begins a kind of content of the message, unless it has begun.
    ///
    /// - Returns: its place in the message.
    private static func openContent(_ kind: String, _ empty: JSONValue, _ state: inout State, _ events: inout EventWriter) -> Int {
        open(.message, &state, &events)
        if let index = state.contents.firstIndex(where: { $0 == kind }) { return index }
        state.contents.append(kind)
        let index = state.contents.count - 1
        events.add("response.content_part.added", state.place(.message, content: index), ["part": empty])
        return index
    }

    private static func addText(_ text: String, logprobs: [JSONValue], _ state: inout State, _ events: inout EventWriter) {
        let index = openContent("output_text", ResponseItems.outputText(""), &state, &events)
        guard !text.isEmpty else { return }
        state.goOn(.message)
        state.said.content += text
        events.add(
            "response.output_text.delta", state.place(.message, content: index), ["delta": .string(text), "logprobs": .array(logprobs)])
    }

    private static func addRefusal(_ text: String, _ state: inout State, _ events: inout EventWriter) {
        let index = openContent("refusal", ResponseItems.refusal(""), &state, &events)
        state.goOn(.message)
        state.said.refusal = (state.said.refusal ?? "") + text
        events.add("response.refusal.delta", state.place(.message, content: index), ["delta": .string(text)])
    }

    private static func addWhole(_ part: Part, of answer: Message, _ state: inout State, _ events: inout EventWriter) {
        switch part {
        case .reasoning:
            open(part, &state, &events)
            state.said.extras.append(ExtraMembers(of: ["reasoning": .string(answer.reasoning ?? "")], besides: []))
            events.add("response.reasoning_text.delta", state.place(part, content: 0), ["delta": .string(answer.reasoning ?? "")])
        case .message:
            if !answer.content.isEmpty || answer.refusal == nil { addText(answer.content, logprobs: [], &state, &events) }
            if let refusal = answer.refusal { addRefusal(refusal, &state, &events) }
        case .call(let index):
            let call = answer.toolCalls[index]
            open(part, &state, &events, call: Message.ToolCall(id: call.id, name: call.name, arguments: ""))
            events.add("response.function_call_arguments.delta", state.place(part), ["delta": .string(call.arguments)])
        }
    }

    /// Ends an item, which is complete.
    ///
    /// - Parameter text: the item as it is written.
    private static func close(_ part: Part, _ item: JSONValue, _ text: JSONValue, _ state: inout State, _ events: inout EventWriter) {
        state.closed.insert(part)
        switch part {
        case .reasoning, .message:
            for content in item.member("content")?.elements ?? [] { close(content, of: part, state, &events) }
        case .call:
            events.add(
                "response.function_call_arguments.done", state.place(part),
                ["name": item.member("name") ?? "", "arguments": item.member("arguments") ?? ""])
        }
        let index = state.places[part] ?? 0
        events.add("response.output_item.done", [], ["output_index": .integer(index), "item": text])
    }

    private static func close(_ content: JSONValue, of part: Part, _ state: State, _ events: inout EventWriter) {
        let type = content.member("type")?.string ?? ""
        let index = state.contents.firstIndex { part == .message && $0 == type } ?? 0
        let place = state.place(part, content: index)
        for (index, annotation) in (content.member("annotations")?.elements ?? []).enumerated() {
            events.add(
                "response.output_text.annotation.added", place, ["annotation_index": .integer(index), "annotation": annotation])
        }
        let done = "response.\(type).done"
        switch type {
        case "output_text":
            events.add(done, place, ["text": content.member("text") ?? "", "logprobs": content.member("logprobs") ?? []])
        case "refusal": events.add(done, place, ["refusal": content.member("refusal") ?? ""])
        default: events.add(done, place, ["text": content.member("text") ?? ""])
        }
        events.add("response.content_part.done", place, ["part": content])
    }
}
