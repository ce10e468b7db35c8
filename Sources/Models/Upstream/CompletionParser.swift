import Chat
import JSON
import Text

/// Reads a response as it arrives: a stream of chunks or one `chat.completion`. The first byte tells which, whatever was requested.
struct CompletionParser {
    private enum Form {
        case document
        case events
    }

    private var form: Form?
    private var document: [UInt8] = []
    private var events = EventStreamParser()

    private var content = ""
    private var refusal: String?
    private var calls = ToolCallParser()
    private var logprobs = LogprobsParser()
    private var finishReason: String?
    private var usage: Usage?
    private var errorBody: UpstreamErrorBody?
    private var isUnderstood = true
    private var hasChoice = false
    private var isDone = false

    /// True if the answer is complete, even if the connection breaks now.
    var isWhole: Bool { errorBody == nil && isUnderstood && (isDone || finishReason != nil) && form == .events }

    /// The chunks of the answer that end in these bytes.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> [Delta] {
        if form == nil {
            // White space may precede a document: some servers keep long requests alive with it.
            guard let first = bytes.first(where: { !" \t\r\n".utf8.contains($0) }) else { return [] }
            form = first == UInt8(ascii: "{") || first == UInt8(ascii: "[") || first == UInt8(ascii: "<") ? .document : .events
        }
        if form == .document {
            document += bytes
            return []
        }
        return events.read(bytes).compactMap { take($0) }
    }

    /// True if the rest of the body takes more than some milliseconds to read.
    var isLongDocument: Bool { document.count > 1 << 16 }

    /// The parser after the end of the body, and the chunks of the answer that end there.
    var ended: (CompletionParser, [Delta]) {
        var parser = self
        let deltas = parser.end()
        return (parser, deltas)
    }

    /// The chunks of the answer that end with the body.
    mutating func end() -> [Delta] {
        switch form {
        case .events: return events.end().compactMap { take($0) }
        case .document:
            defer { document = [] }
            isDone = true
            return [take(document)].compactMap(\.self)
        case nil: return []
        }
    }

    /// The complete answer.
    ///
    /// - Parameter prompt: its words are counted if the upstream does not report the usage.
    func completion(of prompt: Prompt) throws(CompletionError) -> Completion {
        if let errorBody { throw .upstreamError(errorBody) }
        guard isUnderstood, form == .events || hasChoice else { throw .invalid }
        guard isDone && hasChoice || finishReason != nil else { throw .truncated }
        var reason = finishReason ?? "stop"
        if !calls.calls.isEmpty, reason == "stop" { reason = "tool_calls" }
        let usage = usage ?? Usage(promptTokens: prompt.wordCount, completionTokens: content.wordCount)
        return Completion(
            content: content, refusal: refusal, toolCalls: calls.calls, logprobs: logprobs.whole, finishReason: reason, usage: usage)
    }

    private mutating func take(_ data: [UInt8]) -> Delta? {
        if data.elementsEqual("[DONE]".utf8) {
            isDone = true
            return nil
        }
        guard errorBody == nil, isUnderstood, !data.isEmpty else { return nil }
        guard let chunk = CompletionChunk(data) else {
            isUnderstood = false
            return nil
        }
        errorBody = chunk.errorBody
        usage = chunk.usage ?? usage
        guard errorBody == nil, let choice = chunk.choice else { return nil }
        hasChoice = true
        finishReason = choice.finishReason ?? finishReason
        var delta = Delta(content: choice.message?.content ?? "", refusal: choice.message?.refusal)
        content += delta.content
        if let text = delta.refusal { refusal = (refusal ?? "") + text }
        delta.toolCalls = (choice.message?.toolCalls ?? []).map { calls.read($0) }
        if choice.hasLogprobs { delta.logprobs = logprobs.read(chunk: data) }
        guard !delta.isEmpty else { return nil }
        return delta
    }
}

/// The reason why a response is not an answer.
enum CompletionError: Error, Equatable {
    /// The upstream reports an error.
    case upstreamError(UpstreamErrorBody)
    /// The response is not a chat completion.
    case invalid
    /// The response ended too early.
    case truncated
}
