import Chat
import JSON

/// Collects the probabilities of a response's tokens, and keeps every number as the upstream wrote it.
struct LogprobsParser {
    private var content: [[UInt8]] = []
    private var refusal: [[UInt8]] = []

    /// Adds the `logprobs` of a chunk's first choice, and returns them.
    mutating func read(chunk: [UInt8]) -> JSONValue? {
        var scanner = JSONScanner(chunk)
        guard let choices = try? scanner.members()["choices"] else { return nil }
        scanner = scanner.moved(to: choices.lowerBound)
        guard let first = try? scanner.elements().first else { return nil }
        scanner = scanner.moved(to: first.lowerBound)
        guard let logprobs = try? scanner.members()["logprobs"] else { return nil }
        scanner = scanner.moved(to: logprobs.lowerBound)
        guard let members = try? scanner.members() else { return nil }
        let (content, refusal) = (Self.elements(members["content"], scanner), Self.elements(members["refusal"], scanner))
        self.content += content
        self.refusal += refusal
        return Self.value(content, refusal)
    }

    /// The probabilities of all chunks; nil if there were none.
    var whole: JSONValue? { Self.value(content, refusal) }

    private static func value(_ content: [[UInt8]], _ refusal: [[UInt8]]) -> JSONValue? {
        guard !(content.isEmpty && refusal.isEmpty) else { return nil }
        return ["content": array(content), "refusal": array(refusal)]
    }

    private static func array(_ elements: [[UInt8]]) -> JSONValue { elements.isEmpty ? nil : .array(elements.map(JSONValue.text)) }

    private static func elements(_ range: Range<Int>?, _ scanner: JSONScanner) -> [[UInt8]] {
        guard let range else { return [] }
        var list = scanner.moved(to: range.lowerBound)
        // On one line: in JSON a line break is only layout, as those in strings are escaped.
        return ((try? list.elements()) ?? []).map { scanner[$0].filter { $0 >= 0x20 } }
    }
}
