import Chat
import JSON
import Text

/// Reads the events of a response of the Responses API, or a whole one, as chunks of a completion.
///
/// Servers say the same thing up to four times: in deltas, at the end of a part, of an item, and of the response. For each kind of thing
/// the first of these counts, and no text depends on ids and indices, which servers leave out or confuse.
struct ResponseParser {
    private enum Kind {
        case text, refusal, reasoning, arguments, logprobs, annotations, sealed
    }

    /// The type of the event that each kind comes with.
    private var sources: [Kind: String] = [:]
    /// Where the latest piece of reasoning belongs.
    private var reasoningPlace: [Int?]?
    private var sealedCount = 0

    mutating func chunk(_ value: JSONValue) -> CompletionChunk {
        let type = value.member("type")?.string ?? ""
        var message = Draft()
        switch type {
        case "response.output_text.delta", "response.output_text.done":
            if takes(.text, from: type) { message.content = Draft.text(value.member("delta") ?? value.member("text")) }
            let logprobs = value.member("logprobs")?.elements ?? []
            if !logprobs.isEmpty, takes(.logprobs, from: type) { message.logprobs = logprobs }
        case "response.refusal.delta", "response.refusal.done":
            if takes(.refusal, from: type) { message.refusal = Draft.text(value.member("delta") ?? value.member("refusal")) }
        case "response.reasoning_text.delta", "response.reasoning_text.done", "response.reasoning_summary_text.delta",
            "response.reasoning_summary_text.done":
            if takes(.reasoning, from: type), let text = value.member("delta") ?? value.member("text") {
                let place = ["output_index", "content_index", "summary_index"].map { value.member($0)?.wholeNumber }
                add(reasoning: text, at: place, to: &message)
            }
        case "response.function_call_arguments.delta", "response.function_call_arguments.done":
            let arguments = value.member("delta") ?? value.member("arguments")
            if takes(.arguments, from: type), let arguments {
                message.calls = [Self.call(index: value.member("output_index"), arguments: arguments)]
            }
        case "response.output_item.added", "response.output_item.done":
            if let item = value.member("item") { add(item, from: type, index: value.member("output_index"), to: &message) }
        case "response.completed", "response.incomplete", "response.failed":
            return end(value.member("response") ?? [:], from: type)
        case "": return end(value, from: type)
        default:
            // An event that is not known here may report the failure of a part of the answer.
            let error = type.hasPrefix("response.") ? nil : Self.error(in: value)
            return CompletionChunk(choice: nil, usage: nil, errorBody: error)
        }
        return CompletionChunk(choice: message.choice(finishReason: nil, isWhole: false), usage: nil, errorBody: nil)
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
        var message = Draft()
        for item in items ?? [] { add(item, from: type, index: nil, to: &message) }
        return CompletionChunk(choice: message.choice(finishReason: reason, isWhole: type.isEmpty), usage: usage, errorBody: nil)
    }

    /// True if what an event of a type says of a kind has not been said by others.
    private mutating func takes(_ kind: Kind, from type: String) -> Bool {
        if let source = sources[kind] { return source == type }
        sources[kind] = type
        return true
    }

    // MARK: Items

    private mutating func add(_ item: JSONValue, from type: String, index: JSONValue?, to message: inout Draft) {
        let isWhole = type != "response.output_item.added"
        switch item.member("type")?.string ?? "" {
        case "function_call":
            let arguments = isWhole ? item.member("arguments") : nil
            let isNew = arguments.map { !($0.string?.isEmpty ?? false) && takes(.arguments, from: type) } ?? false
            let ids = ["call_id", "id"].lazy.compactMap { item.member($0) }
            message.calls.append(
                Self.call(
                    index: isWhole ? nil : index, id: ids.first { !$0.isNull }, name: item.member("name"),
                    arguments: isNew ? arguments : nil))
        case "message" where isWhole:
            for part in item.member("content")?.elements ?? [] { add(part: part, from: type, to: &message) }
        case "reasoning" where isWhole:
            let texts = ["content", "summary"].lazy.compactMap { name in
                item.member(name)?.elements?.compactMap { $0.member("text") }
            }
            if let texts = texts.first(where: { !$0.isEmpty }), takes(.reasoning, from: type) {
                for text in texts { add(reasoning: text, at: [], to: &message) }
            }
            if let detail = SealedReasoning.detail(of: item.withoutCutText, index: sealedCount), takes(.sealed, from: type) {
                message.details.append(detail)
                sealedCount += 1
            }
        default: break
        }
    }

    /// - Parameter place: empty for a text of its own.
    private mutating func add(reasoning text: JSONValue, at place: [Int?], to message: inout Draft) {
        let goesOn = reasoningPlace.map { $0 == place && !place.isEmpty } ?? true
        message.reasoning += Draft.text(goesOn ? text : text.asParagraph)
        reasoningPlace = place
    }

    private mutating func add(part: JSONValue, from type: String, to message: inout Draft) {
        switch part.member("type")?.string ?? "" {
        case "refusal":
            if takes(.refusal, from: type) { message.refusal += Draft.text(part.member("refusal")) }
        default:
            if takes(.text, from: type) { message.content += Draft.text(part.member("text")) }
            let annotations = (part.member("annotations")?.elements ?? []).compactMap(Self.annotation)
            if !annotations.isEmpty, takes(.annotations, from: type) { message.annotations += annotations }
            let logprobs = part.member("logprobs")?.elements ?? []
            if !logprobs.isEmpty, takes(.logprobs, from: type) { message.logprobs += logprobs }
        }
    }

    /// A call as a chunk of a completion has it.
    private static func call(
        index: JSONValue?, id: JSONValue? = nil, name: JSONValue? = nil, arguments: JSONValue?
    ) -> JSONValue {
        [
            "index": index ?? .null, "id": id ?? .null, "function": ["name": name ?? .null, "arguments": arguments ?? ""],
        ]
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

    /// A value if it is a text.
    static func text(_ value: JSONValue?) -> [JSONValue] {
        guard let value, value.string != nil || value.cutText != nil else { return [] }
        return [value]
    }

    func choice(finishReason: String?, isWhole: Bool) -> CompletionChunk.Choice {
        var members: [(String, JSONValue)] = []
        for (name, texts) in [("content", content), ("refusal", refusal), ("reasoning_content", reasoning)] where !texts.isEmpty {
            // A text alone may have half of a character, whose other half comes with the next event.
            members.append((name, texts.count == 1 ? texts[0] : .string(texts.compactMap(\.withoutCutText.string).joined())))
        }
        if !calls.isEmpty { members.append(("tool_calls", .array(calls))) }
        if !annotations.isEmpty { members.append(("annotations", .array(annotations))) }
        if !details.isEmpty { members.append(("reasoning_details", .array(details))) }
        return CompletionChunk.Choice(
            message: .object(members), isWhole: isWhole, finishReason: finishReason,
            logprobs: logprobs.isEmpty ? nil : ["content": .array(logprobs.map(\.withoutCutText))])
    }
}

extension JSONValue {
    /// A text behind an empty line.
    fileprivate var asParagraph: JSONValue {
        if case .text(let text) = self { return .text(Array(#""\n\n"#.utf8) + text.dropFirst()) }
        return .string("\n\n" + (string ?? ""))
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
