import Chat
import Text

/// What two copies of a message have in common, if one of them went through a front end: that changes white space, leaves the model's thoughts
/// out, and may keep the calls of tools to itself.
struct Saying: Equatable {
    var text: [UInt8]
    /// True if it is a call of a tool, or a result.
    var isOfTool = false

    /// Nil if nothing is said.
    init?(_ message: Message) {
        switch message.role {
        case .user: text = [UInt8(ascii: "u")] + Self.visible(message.content.utf8)
        case .assistant: text = [UInt8(ascii: "a")] + Self.visible(Self.withoutThoughts(message.content))
        case .tool, .function: (text, isOfTool) = (Array("t\(message.toolCallID ?? "")".utf8), true)
        case .system, .developer: return nil
        }
        for part in message.parts {
            switch part {
            case .text: break
            case .image(let data, _), .audio(let data, _), .file(let data, _): text += [0] + data.utf8
            }
        }
        guard text.count == 1, message.role != .user else { return }
        guard !message.toolCalls.isEmpty else { return nil }
        (text, isOfTool) = (text + message.toolCalls.flatMap { [0] + $0.id.utf8 }, true)
    }

    private static func visible(_ text: some Collection<UInt8>) -> [UInt8] { text.filter { $0 > 0x20 } }

    /// The text without blocks in which front ends show thoughts and calls.
    private static func withoutThoughts(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        for (opening, closing) in [("<think>", "</think>"), ("<details", "</details>")] where text.utf8.contains(UInt8(ascii: "<")) {
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
