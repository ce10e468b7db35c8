import Chat
import Text

/// A session as a Markdown document, with a heading for the session and one for each message.
///
/// Messages are in block quotes. Whatever a message contains (a heading, an unclosed fence, half an HTML comment) ends with its quote
/// (CommonMark 0.31, sections 5.1 and 4.6), and Markdown in it still looks as its author meant it to.
enum MarkdownExport {
    static func head(_ summary: SessionSummary) -> String {
        let turns = "\(summary.turnCount) \(summary.turnCount == 1 ? "turn" : "turns")"
        let end = summary.updatedAt.map { ", the last one at \($0)" } ?? ""
        return "# \(code(summary.key.description))\n\nBegun at \(summary.createdAt). \(turns)\(end).\n"
    }

    static func section(_ message: Message, at time: String) -> String {
        let name = message.name.map { " " + code($0) } ?? ""
        var text = "\n## \(message.role.rawValue)\(name) · \(time)\n"
        let said = [said(message), message.refusal].compactMap(\.self).filter { !$0.isEmpty }.joined(separator: "\n\n")
        if !said.isEmpty { text += "\n" + prefixed(said, by: "> ") }
        for call in message.toolCalls { text += "\nCalls \(code(call.name)):\n\n" + prefixed(call.arguments, by: "    ") }
        return text
    }

    /// The text of a message, with a placeholder for each picture and recording.
    private static func said(_ message: Message) -> String {
        guard !message.parts.isEmpty else { return message.content }
        return message.parts.map { part in
            switch part {
            case .text(let text): text
            case .image: "[image]"
            case .audio: "[audio]"
            case .file(_, let name): "[file] " + (name.map(code) ?? "")
            }
        }.joined(separator: "\n\n")
    }

    /// The text with a prefix before every line.
    private static func prefixed(_ text: String, by prefix: String) -> String {
        var lines = ""
        for line in printable(text).utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            lines += prefix
            lines += Substring(line)
            lines += "\n"
        }
        return lines
    }

    /// A code span on one line (CommonMark, section 6.1), between more backticks than any run of them inside.
    private static func code(_ text: String) -> String {
        let longest = text.utf8.split { $0 != UInt8(ascii: "`") }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        let padding = longest > 0 ? " " : ""
        return fence + padding + printable(text).split(separator: "\n").joined(separator: " ") + padding + fence
    }

    /// Text without control characters but tabs and line feeds. A carriage return ends a line too (CommonMark, section 2.1); U+FFFD
    /// replaces all others, because a terminal obeys some of them.
    private static func printable(_ text: String) -> String {
        func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || 0x7f...0x9f ~= scalar.value }
        guard text.unicodeScalars.contains(where: { isControl($0) && $0 != "\n" && $0 != "\t" }) else { return text }
        var scalars = String.UnicodeScalarView()
        var isAfterReturn = false
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\r", "\n":
                if scalar == "\r" || !isAfterReturn { scalars.append("\n") }
            case "\t": scalars.append(scalar)
            default: scalars.append(isControl(scalar) ? "\u{fffd}" : scalar)
            }
            isAfterReturn = scalar == "\r"
        }
        return String(scalars)
    }
}

extension Turn {
    /// The turn's sections of a Markdown export.
    package var markdown: String { messages.compactMap(\.shown).map { MarkdownExport.section($0, at: at) }.joined() }
}
