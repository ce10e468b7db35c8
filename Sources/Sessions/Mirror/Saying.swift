import Chat
import Text

/// What two copies of a message have in common, if one of them went through a front end: that changes white space at the ends of lines, leaves
/// the model's thoughts out, and may keep calls of tools to itself.
struct Saying: Sendable {
    /// Of what is said. A hash, as a session's are compared with all of a conversation's; its seed is this process's secret.
    private let hash: Int
    /// True if it is a call of a tool, or a result.
    let isOfTool: Bool

    private init(_ role: Message.Role, _ texts: [[UInt8]], isOfTool: Bool = false) {
        var hasher = Hasher()
        hasher.combine(role)
        hasher.combine(texts)
        (hash, self.isOfTool) = (hasher.finalize(), isOfTool)
    }

    /// A text and calls are two sayings.
    static func sayings(of message: Message) -> [Saying] {
        let media = message.parts.compactMap { part -> [UInt8]? in
            switch part {
            case .text: nil
            case .image(let data, _), .audio(let data, _), .file(let data, _): Array(data.utf8)
            }
        }
        switch message.role {
        case .user: return [Saying(.user, [visible(Array(message.content.utf8))] + media)]
        case .assistant:
            let text = visible(withoutThoughts(message.content))
            let calls = message.toolCalls.flatMap { [Array($0.id.utf8), Array($0.name.utf8), $0.arguments.utf8.filter { $0 > 0x20 }] }
            return (text.isEmpty ? [] : [Saying(.assistant, [text])])
                + (calls.isEmpty ? [] : [Saying(.assistant, calls, isOfTool: true)])
        case .tool, .function:
            return [Saying(.tool, [Array((message.toolCallID ?? "").utf8), visible(Array(message.content.utf8))], isOfTool: true)]
        case .system, .developer: return []
        }
    }

    static func == (left: Saying, right: Saying) -> Bool { left.hash == right.hash && left.isOfTool == right.isOfTool }

    /// The lines that are not empty, without white space at their ends, and at the beginning of the first.
    private static func visible(_ text: [UInt8]) -> [UInt8] {
        var lines: [UInt8] = []
        for line in text.drop(while: { $0 <= 0x20 }).split(separator: UInt8(ascii: "\n")) {
            guard let end = line.lastIndex(where: { $0 > 0x20 }) else { continue }
            lines += line[...end] + [UInt8(ascii: "\n")]
        }
        return lines
    }

    /// The text without blocks in which front ends show thoughts and calls.
    private static func withoutThoughts(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for (opening, closing) in [("<think>", "</think>"), ("<details", "</details>")] where bytes.contains(UInt8(ascii: "<")) {
            var kept: [UInt8] = []
            var rest = bytes[...]
            while let start = rest.firstRange(of: Array(opening.utf8)),
                let end = rest[start.upperBound...].firstRange(of: Array(closing.utf8))
            {
                kept += rest[..<start.lowerBound]
                rest = rest[end.upperBound...]
            }
            bytes = kept + rest
        }
        return bytes
    }
}

extension Sequence<Saying> {
    func isEqual(to other: some Sequence<Saying>) -> Bool { elementsEqual(other, by: ==) }
}
