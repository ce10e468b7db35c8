import Chat

/// A session as a Markdown document: a heading for the session, and one for each message.
///
/// What was said stands in block quotes. Whatever it contains (a heading, a fence that nothing closes, half an HTML comment) ends with
/// the quote (CommonMark 0.31, sections 5.1 and 4.6), and what is Markdown in it still looks as its author meant it to.
enum MarkdownExport {
    static func head(_ summary: SessionSummary) -> String {
        let turns = "\(summary.turnCount) \(summary.turnCount == 1 ? "turn" : "turns")"
        let end = summary.updatedAt.map { ", the last one at \($0)" } ?? ""
        return "# \(code(summary.key.description))\n\nBegun at \(summary.createdAt). \(turns)\(end).\n"
    }

    static func section(_ message: Message, at time: String) -> String {
        let name = message.name.map { " " + code($0) } ?? ""
        var text = "\n## \(message.role.rawValue)\(name) · \(time)\n"
        if !message.content.isEmpty { text += "\n" + prefixed(message.content, by: "> ") }
        for call in message.toolCalls { text += "\nCalls \(code(call.name)):\n\n" + prefixed(call.arguments, by: "    ") }
        return text
    }

    /// Every line behind a prefix. A carriage return ends a line, too (CommonMark, section 2.1).
    private static func prefixed(_ text: String, by prefix: String) -> String {
        var lines = ""
        for line in text.split(omittingEmptySubsequences: false, whereSeparator: { ["\n", "\r", "\r\n"].contains($0) }) {
            lines += prefix + printable(line) + "\n"
        }
        return lines
    }

    /// A code span on one line (CommonMark, section 6.1): it stands between more backticks than there are in it.
    private static func code(_ text: String) -> String {
        let longest = text.utf8.split { $0 != UInt8(ascii: "`") }.map(\.count).max() ?? 0
        let fence = String(repeating: "`", count: longest + 1)
        let padding = longest > 0 ? " " : ""
        return fence + padding + printable(text.split(whereSeparator: \.isNewline).joined(separator: " ")[...]) + padding + fence
    }

    /// Control characters are not text, and a terminal takes some of them for commands: U+FFFD stands for them.
    private static func printable(_ text: Substring) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            scalars.append(scalar.properties.generalCategory == .control && scalar != "\t" ? "\u{fffd}" : scalar)
        }
        return String(scalars)
    }
}
