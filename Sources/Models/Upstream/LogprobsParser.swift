import Chat
import JSON

/// Collects the probabilities of a response's tokens, and keeps every number as the upstream wrote it.
struct LogprobsParser {
    private var content: [JSONValue] = []
    private var refusal: [JSONValue] = []

    /// Adds the `logprobs` of a chunk's choice, and returns them; nil if there are none.
    mutating func read(_ logprobs: JSONValue) -> JSONValue? {
        let (content, refusal) = (logprobs.member("content")?.elements ?? [], logprobs.member("refusal")?.elements ?? [])
        self.content += content
        self.refusal += refusal
        return Self.value(content, refusal)
    }

    /// The probabilities of all chunks; nil if there were none.
    var whole: JSONValue? { Self.value(content, refusal) }

    private static func value(_ content: [JSONValue], _ refusal: [JSONValue]) -> JSONValue? {
        guard !(content.isEmpty && refusal.isEmpty) else { return nil }
        return ["content": content.isEmpty ? .null : .array(content), "refusal": refusal.isEmpty ? .null : .array(refusal)]
    }
}
