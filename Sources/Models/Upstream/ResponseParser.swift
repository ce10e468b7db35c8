import Chat
import JSON
import Text

/// Reads the events of a response of the Responses API, or a whole one, as chunks of a completion.
///
/// Servers say the same thing up to four times: in deltas, at the end of a part, of an item, and of the response. What each of these adds
/// to those before is taken, and ids and indices help only where they are right: servers leave them out or confuse them.
struct ResponseParser {
    private enum Kind {
        case reasoning, logprobs, annotations, sealed
    }

    private var text = ResponseText()
    private var refusal = ResponseText()
    private var reasoning = ResponseText()
    private var calls = ResponseCalls()
    /// The type of the event that each kind comes with.
    private var sources: [Kind: String] = [:]
    /// Where the latest delta of a message belongs.
    private var messagePlace: (index: Int, id: String)?
    /// Where the latest piece of reasoning belongs.
    private var reasoningPlace: [Int?]?
    private var sealedCount = 0
    private var latestItem: JSONValue?
    private var isOver = false

    mutating func chunk(_ value: JSONValue) -> CompletionChunk {
        let type = value.member("type")?.string ?? ""
        var message = Draft()
        // Nothing counts that comes after the end.
        switch isOver ? "response.queued" : type {
        case "response.output_text.delta", "response.output_text.done":
            findMessage(of: value)
            message.content = Self.add(value.member("delta") ?? value.member("text"), from: type, to: &text)
            let logprobs = value.member("logprobs")?.elements ?? []
            if !logprobs.isEmpty, takes(.logprobs, from: type) { message.logprobs = logprobs }
        case "response.refusal.delta", "response.refusal.done":
            findMessage(of: value)
            message.refusal = Self.add(value.member("delta") ?? value.member("refusal"), from: type, to: &refusal)
        case "response.reasoning_text.delta", "response.reasoning_text.done", "response.reasoning_summary_text.delta",
            "response.reasoning_summary_text.done":
            // The summary is not added to what it sums up.
            if takes(.reasoning, from: type.hasPrefix("response.reasoning_text") ? "text" : "summary") {
                let place = ["output_index", "content_index", "summary_index"].map { value.member($0)?.wholeNumber }
                if let reasoningPlace, reasoningPlace != place { reasoning.begin() }
                reasoningPlace = place
                message.reasoning = Self.add(value.member("delta") ?? value.member("text"), from: type, to: &reasoning)
            }
        case "response.function_call_arguments.delta", "response.function_call_arguments.done":
            message.calls = [calls.read(event: value, isDelta: type.hasSuffix("delta"))].compactMap(\.self)
        case "response.output_item.added", "response.output_item.done":
            if let item = value.member("item") { add(item, from: type, index: value.member("output_index")?.wholeNumber, to: &message) }
        case "response.completed", "response.incomplete", "response.failed":
            return end(value.member("response") ?? [:], from: type)
        case "": return end(value, from: type)
        default:
            // An event that is not known here may report the failure of a part of the answer.
            let error = type.hasPrefix("response.") ? nil : Self.error(in: value)
            return CompletionChunk(choice: nil, usage: nil, errorBody: error)
        }
        return CompletionChunk(choice: message.choice(finishReason: nil), usage: nil, errorBody: nil)
    }

    /// A response that is over. The type is empty for one that is no event.
    private mutating func end(_ response: JSONValue, from type: String) -> CompletionChunk {
        let ending = type.isEmpty ? "completed" : String(type.dropFirst("response.".count))
        var status = response.member("status")?.string ?? ending
        // Some servers repeat the response that they began with.
        if !type.isEmpty, status == "in_progress" { status = ending }
        let usage = response.member("usage").flatMap { Usage(response: $0.withoutCutText) }
        if let error = Self.error(in: response) { return CompletionChunk(choice: nil, usage: usage, errorBody: error) }
        let items = response.member("output")?.elements
        var reason: String? = nil
        switch status {
        case "completed": reason = "stop"
        case "incomplete": reason = response.member("incomplete_details")?.member("reason")?.string ?? status
        case "failed", "cancelled": return CompletionChunk(choice: nil, usage: usage, errorBody: UpstreamErrorBody())
        default: break
        }
        guard let reason, items != nil || !type.isEmpty else { return CompletionChunk(choice: nil, usage: usage, errorBody: nil) }
        isOver = true
        var message = Draft()
        for item in items ?? [] { add(item, from: type, index: nil, to: &message) }
        return CompletionChunk(choice: message.choice(finishReason: reason), usage: usage, errorBody: nil)
    }

    /// True if what an event of a type says of a kind has not been said by others.
    private mutating func takes(_ kind: Kind, from type: String) -> Bool {
        if let source = sources[kind] { return source == type }
        sources[kind] = type
        return true
    }

    // MARK: Items

    private mutating func add(_ item: JSONValue, from type: String, index: Int?, to message: inout Draft) {
        let isWhole = type != "response.output_item.added"
        if type == "response.output_item.done" {
            if item == latestItem { return }
            latestItem = item
        }
        switch item.member("type")?.string ?? "" {
        case "function_call":
            if let call = calls.read(item: item, from: type, index: index) { message.calls.append(call) }
        case "message" where isWhole:
            guard let content = item.member("content") else { break }
            var isNext = true
            for part in content.elements ?? [content] {
                add(part: part, from: type, isNext: isNext, to: &message)
                isNext = false
            }
            if type == "response.output_item.done" { beginMessage() }
        case "message": beginMessage()
        case "reasoning" where isWhole:
            let texts = ["content", "summary"].lazy.compactMap { name in
                item.member(name)?.elements?.compactMap { $0.member("text") }
            }
            for text in texts.first(where: { !$0.isEmpty }) ?? [] {
                message.reasoning += Self.add(text, from: type, isNext: true, to: &reasoning)
            }
            if let detail = SealedReasoning.detail(of: item.withoutCutText, index: sealedCount), takes(.sealed, from: type) {
                message.details.append(detail)
                sealedCount += 1
            }
        default: break
        }
    }

    private mutating func add(part: JSONValue, from type: String, isNext: Bool, to message: inout Draft) {
        switch part.member("type")?.string ?? "" {
        case "refusal": message.refusal += Self.add(part.member("refusal"), from: type, isNext: isNext, to: &refusal)
        default:
            // Some servers have a text where a list of parts belongs.
            message.content += Self.add(part.member("text") ?? part, from: type, isNext: isNext, to: &text)
            let annotations = (part.member("annotations")?.elements ?? []).compactMap(Self.annotation)
            if !annotations.isEmpty, takes(.annotations, from: type) { message.annotations += annotations }
            let logprobs = part.member("logprobs")?.elements ?? []
            if !logprobs.isEmpty, takes(.logprobs, from: type) { message.logprobs += logprobs }
        }
    }

    /// What is to say of a text.
    private static func add(
        _ value: JSONValue?, from type: String, isNext: Bool? = nil, to text: inout ResponseText
    ) -> [JSONValue] {
        guard let value, value.string.map({ !$0.isEmpty }) ?? (value.cutText != nil) else { return [] }
        if type.hasSuffix(".delta") { return [text.add(delta: value)] }
        return [text.add(whole: value, from: type, isNext: isNext)].compactMap(\.self)
    }

    /// Begins a message if an event of a text belongs to another one than those before: some servers change the index alone, or the id.
    private mutating func findMessage(of event: JSONValue) {
        guard let index = event.member("output_index")?.wholeNumber, let id = event.member("item_id")?.string else { return }
        if let messagePlace, messagePlace.index != index, messagePlace.id != id { beginMessage() }
        messagePlace = (index, id)
    }

    private mutating func beginMessage() {
        text.begin()
        refusal.begin()
    }

    /// A place of the answer that speaks of a page, as a chat completion has it; nil for one that speaks of anything else.
    private static func annotation(_ value: JSONValue) -> JSONValue? {
        guard case .object(let members) = value.withoutCutText, value.member("type")?.string == "url_citation" else { return nil }
        return ["type": "url_citation", "url_citation": .object(members.filter { $0.0 != "type" })]
    }

    // MARK: Errors

    /// The error that an event or a response reports; nil if there is none.
    private static func error(in value: JSONValue) -> UpstreamErrorBody? {
        guard var error = UpstreamErrorBody(reportedIn: value.withoutCutText) else { return nil }
        // An event has no status.
        if error.status == nil, let code = error.code {
            if code.hasPrefix("rate_limit") {
                error.status = 429
            } else if code.hasPrefix("invalid_") || code.includes("image") || code.hasSuffix("_policy") {
                error.status = 400
            }
        }
        return error
    }
}

/// What an event adds to a message.
private struct Draft {
    var content: [JSONValue] = []
    var refusal: [JSONValue] = []
    var reasoning: [JSONValue] = []
    var calls: [JSONValue] = []
    var annotations: [JSONValue] = []
    var details: [JSONValue] = []
    var logprobs: [JSONValue] = []

    func choice(finishReason: String?) -> CompletionChunk.Choice {
        var members: [(String, JSONValue)] = []
        for (name, texts) in [("content", content), ("refusal", refusal), ("reasoning_content", reasoning)] where !texts.isEmpty {
            // A text alone may have half of a character, whose other half comes with the next event.
            members.append((name, texts.count == 1 ? texts[0] : .string(texts.compactMap(\.withoutCutText.string).joined())))
        }
        if !calls.isEmpty { members.append(("tool_calls", .array(calls))) }
        if !annotations.isEmpty { members.append(("annotations", .array(annotations))) }
        if !details.isEmpty { members.append(("reasoning_details", .array(details))) }
        return CompletionChunk.Choice(
            message: .object(members), isWhole: false, finishReason: finishReason,
            logprobs: logprobs.isEmpty ? nil : ["content": .array(logprobs.map(\.withoutCutText))])
    }
}

extension Usage {
    /// Reads the usage of a response; nil unless it has the number of the prompt's tokens.
    fileprivate init?(response value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        self.init(
            reported: .object(
                members.map { name, value in
                    (name.replacing("input_tokens", with: "prompt_tokens").replacing("output_tokens", with: "completion_tokens"), value)
                }))
    }
}
