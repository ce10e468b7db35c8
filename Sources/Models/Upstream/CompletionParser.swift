import Chat
import HTTPClient
import JSON
import Text

/// Reads a response as it arrives: a stream or one document, of chat completions or of the Responses API. The first byte tells a stream
/// from a document, whatever was requested.
struct CompletionParser {
    private enum Form {
        case document
        case events
    }

    private var form: Form?
    private var document: [UInt8] = []
    private var extent = JSONExtent()
    private var events = EventStreamParser()
    private var joiner = CharacterJoiner()

    private var content = ""
    private var refusal: String?
    private var calls = ToolCallParser()
    /// Nil for chat completions.
    private var response: ResponseParser?
    private var extras = ExtraMembers()
    private var logprobs = LogprobsParser()
    private var finishReason: String?
    private var usage: Usage?
    private var errorBody: UpstreamErrorBody?
    private var isUnderstood = true
    private var hasChoice = false
    private var isDone = false
    /// True if the usage came after the answer's text. Some servers report one with every chunk.
    private var hasLastUsage = false
    /// True if text came after a finish reason: some servers give one with every chunk.
    private var hasGoneOn = false

    init(_ api: UpstreamAPI = .chat) {
        if api == .responses { response = ResponseParser() }
    }

    /// The number of events so far that mean nothing.
    private(set) var skipped = 0
    /// The number of events so far that mean something.
    private(set) var understood = 0

    /// How long the rest of the response may take after the last event that meant something; nil for as long as it likes. What follows the
    /// end of an answer is only the end of the response, which lets the connection be used again, and that of its text the usage.
    var patience: Duration? {
        if isDone || errorBody != nil || !isUnderstood || extent.isComplete { return Self.shortPatience }
        guard finishReason != nil, !hasGoneOn else { return nil }
        return hasLastUsage ? Self.shortPatience : .seconds(2)
    }

    static let shortPatience = Duration.milliseconds(250)

    /// True if the answer is complete, even if the connection breaks now.
    var isWhole: Bool {
        errorBody == nil && isUnderstood && (form == .events ? isDone || finishReason != nil : extent.isComplete)
    }

    /// The chunks of the answer that end in these bytes.
    mutating func read(_ bytes: UnsafeRawBufferPointer) -> [Delta] {
        var bytes = bytes
        if form == nil {
            // White space or a byte order mark may precede a document: some servers keep long requests alive with it.
            guard let start = bytes.firstIndex(where: { !" \t\r\n\u{feff}".utf8.contains($0) }) else { return [] }
            form = "{[<".utf8.contains(bytes[start]) ? .document : .events
            bytes = UnsafeRawBufferPointer(rebasing: bytes[start...])
        }
        if form == .document {
            document += bytes
            extent.read(bytes)
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
        var deltas: [Delta] = []
        switch form {
        case .events: deltas = events.end().compactMap { take($0) }
        case .document:
            deltas = [take(document)].compactMap(\.self)
            document = []
            isDone = true
        case nil: break
        }
        guard errorBody == nil, isUnderstood else { return deltas }
        deltas += joiner.end().map { delta(CompletionChunk.MessageChunk($0), isWhole: false) }
        deltas.append(Delta(toolCalls: calls.end()))
        return deltas.filter { !$0.isEmpty }
    }

    /// The complete answer.
    ///
    /// - Parameter prompt: its words are counted if the upstream does not report the usage.
    func completion(of prompt: Prompt) throws(CompletionError) -> Completion {
        if let errorBody { throw .upstreamError(errorBody) }
        guard isUnderstood, hasChoice || form == .events && skipped == 0 else { throw .invalid }
        guard isDone && hasChoice || finishReason != nil else { throw .truncated }
        let usage = usage ?? Usage(promptTokens: prompt.wordCount, completionTokens: content.wordCount)
        let reason = FinishReason(finishReason ?? "stop").word(
            callsTools: !calls.calls.isEmpty, callsFunction: extras["function_call"] != nil)
        return Completion(
            content: content, refusal: refusal, toolCalls: calls.calls, extras: extras, logprobs: logprobs.whole, finishReason: reason,
            usage: usage)
    }

    private mutating func take(_ data: [UInt8]) -> Delta? {
        let data = Array(data.trimmingSpace)
        // An error without words may be explained by the next event.
        guard errorBody?.message == nil, isUnderstood, !isDone, !data.isEmpty else { return nil }
        if data.elementsEqual("[DONE]".utf8) {
            isDone = true
            understood += 1
            return nil
        }
        guard let value = CompletionChunk.object(in: data) else {
            // Half a chunk would be half an answer, unless that is over. Whatever else stands there was never meant as one.
            isUnderstood = finishReason != nil || form == .events && data.first != UInt8(ascii: "{")
            skipped += 1
            return nil
        }
        let chunk = response?.chunk(value) ?? CompletionChunk(value)
        understood += 1
        usage = chunk.usage ?? usage
        if finishReason == nil { errorBody = chunk.errorBody ?? errorBody }
        guard errorBody == nil, let choice = chunk.choice else {
            hasLastUsage = hasLastUsage || finishReason != nil && chunk.usage != nil
            return nil
        }
        hasChoice = true
        let message = choice.message.map { CompletionChunk.MessageChunk(joiner.join($0)) }
        var delta = message.map { self.delta($0, isWhole: choice.isWhole) } ?? Delta()
        delta.logprobs = choice.logprobs.flatMap { logprobs.read($0) }
        hasGoneOn = hasGoneOn || finishReason != nil && !delta.isEmpty
        finishReason = choice.finishReason ?? finishReason
        hasLastUsage = hasLastUsage || finishReason != nil && chunk.usage != nil && delta.isEmpty
        return delta.isEmpty ? nil : delta
    }

    /// Adds a message, or a part of one.
    private mutating func delta(_ message: CompletionChunk.MessageChunk, isWhole: Bool) -> Delta {
        content += message.content
        if let text = message.refusal { refusal = (refusal ?? "") + text }
        extras.append(message.extras)
        return Delta(
            content: message.content, refusal: message.refusal, toolCalls: calls.read(message.toolCalls, areWhole: isWhole),
            extras: message.extras)
    }
}

/// The reason why a response is not an answer.
enum CompletionError: Error, Equatable {
    /// The upstream reports an error.
    case upstreamError(UpstreamErrorBody)
    /// The response is not a completion.
    case invalid
    /// The response ended too early.
    case truncated
}

extension [UInt8] {
    fileprivate var trimmingSpace: ArraySlice<UInt8> {
        func isSpace(_ byte: UInt8) -> Bool { " \t\r\n".utf8.contains(byte) }
        let rest = drop(while: isSpace)
        return rest[..<(rest.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? rest.startIndex)]
    }
}
