import Chat
import JSON
import Text

/// Collects the probabilities of a response's tokens, and keeps every number as the upstream wrote it.
struct LogprobsParser {
    private var content: [JSONValue] = []
    private var refusal: [JSONValue] = []

    /// Adds the `logprobs` of a chunk's choice, and returns them; nil if there are none.
    mutating func read(_ logprobs: JSONValue) -> JSONValue? {
        let (content, refusal) = (Self.entries(logprobs.member("content")), Self.entries(logprobs.member("refusal")))
        self.content += content
        self.refusal += refusal
        return Self.value(content, refusal)
    }

    /// The probabilities of all chunks; nil if there were none.
    var whole: JSONValue? { Self.value(content, refusal) }

    /// The entries of a list that clients can read.
    private static func entries(_ list: JSONValue?) -> [JSONValue] { (list?.elements ?? []).filter(isEntry) }

    private static func isEntry(_ value: JSONValue) -> Bool {
        isToken(value) && (value.member("top_logprobs")?.elements ?? []).allSatisfy(isToken)
    }

    private static func isToken(_ value: JSONValue) -> Bool {
        value.member("token")?.string != nil && value.member("logprob")?.isNumber == true
    }

    private static func value(_ content: [JSONValue], _ refusal: [JSONValue]) -> JSONValue? {
        guard !(content.isEmpty && refusal.isEmpty) else { return nil }
        return ["content": content.isEmpty ? .null : .array(content), "refusal": refusal.isEmpty ? .null : .array(refusal)]
    }
}

extension JSONValue {
    fileprivate var isNumber: Bool {
        switch self {
        case .integer: true
        case .text(let text): text.first != UInt8(ascii: "\"")
        default: false
        }
    }
}
