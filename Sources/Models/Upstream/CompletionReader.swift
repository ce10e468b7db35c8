import Chat

/// Puts a completion together from the pieces of a stream.
struct CompletionReader {
    private var events = EventReader()
    private var content = ""
    private var refusal: String?
    private var toolCalls: [Message.ToolCall] = []
    private var logprobs: [JSONValue] = []
    private var finishReason: String?
    private var usage: Usage?
    private var isDone = false
    private let readsLogprobs: Bool

    /// - Parameter readsLogprobs: whether they were asked for.
    init(readsLogprobs: Bool) {
        self.readsLogprobs = readsLogprobs
    }

    /// Takes the next bytes of the stream, and gives what they add.
    mutating func append(_ bytes: some Sequence<UInt8>) throws(ModelError) -> [Delta] {
        var deltas: [Delta] = []
        for event in events.append(bytes) {
            if let delta = try take(event) { deltas.append(delta) }
        }
        return deltas
    }

    /// The end of the stream: the completion without what it cost, unless the upstream has said so.
    mutating func finish() throws(ModelError) -> (completion: Completion, usage: Usage?, last: Delta?) {
        let last = try events.finish().flatMap { event throws(ModelError) in try take(event) }
        guard isDone || finishReason != nil else { throw ModelError(.failed, "The upstream's stream ended in the middle") }
        let logprobs: JSONValue? = self.logprobs.isEmpty ? nil : self.logprobs.count == 1 ? self.logprobs[0] : .array(self.logprobs)
        let completion = Completion(
            content: content, refusal: refusal, toolCalls: toolCalls, logprobs: logprobs,
            finishReason: UpstreamModel.finishReason(finishReason, toolCalls), usage: Usage(promptTokens: 0, completionTokens: 0))
        return (completion, usage, last)
    }

    private mutating func take(_ event: [UInt8]) throws(ModelError) -> Delta? {
        guard !isDone, !event.isEmpty else { return nil }
        guard !event.elementsEqual("[DONE]".utf8) else {
            isDone = true
            return nil
        }
        guard let reply = UpstreamReply(event) else { throw ModelError(.failed, "The upstream's stream has a piece that is no JSON") }
        if let problem = reply.error {
            throw ModelError(.failed, "The upstream failed in the middle: \(problem.message ?? "it does not say why")")
        }
        if let said = reply.usage?.usage { usage = said }
        guard let choice = reply.choices?.first else { return nil }
        if let reason = choice.finishReason { finishReason = reason }
        // Some servers send the whole message where a delta belongs.
        guard let said = choice.delta ?? choice.message else { return nil }
        var delta = Delta(content: said.content ?? "", refusal: said.refusal)
        content += delta.content
        if let more = said.refusal { refusal = (refusal ?? "") + more }
        delta.toolCalls = (said.toolCalls ?? []).map { add($0) }
        if readsLogprobs, let said = UpstreamReply.logprobs(in: event) {
            delta.logprobs = said
            logprobs.append(said)
        }
        let isEmpty = delta.content.isEmpty && delta.refusal == nil && delta.toolCalls.isEmpty && delta.logprobs == nil
        return isEmpty ? nil : delta
    }

    /// Some servers leave the index out: then a call with another id is the next one.
    private mutating func add(_ piece: UpstreamReply.ToolCall) -> Delta.ToolCall {
        let isNext = toolCalls.isEmpty || piece.id.map { !$0.isEmpty && $0 != toolCalls[toolCalls.count - 1].id } ?? false
        let index = min(max(0, piece.index ?? (isNext ? toolCalls.count : toolCalls.count - 1)), toolCalls.count)
        var added = Delta.ToolCall(index: index, arguments: piece.function?.arguments ?? "")
        if index == toolCalls.count {
            let call = Message.ToolCall(
                id: piece.id.flatMap { $0.isEmpty ? nil : $0 } ?? Identifier.make(prefix: "call_"), name: piece.function?.name ?? "",
                arguments: "")
            toolCalls.append(call)
            (added.id, added.name) = (call.id, call.name)
        }
        toolCalls[index].arguments += added.arguments
        return added
    }
}
