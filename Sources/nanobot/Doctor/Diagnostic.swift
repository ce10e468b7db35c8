/// What an examination found. Never with a secret in it.
struct Diagnostic {
    enum Level: String {
        case ok
        /// Something that works, and may not work as somebody expects.
        case warning
        case problem
    }

    var level: Level
    var text: String
    /// Lines that mend it.
    var remedy: [String] = []

    static func ok(_ text: String) -> Diagnostic { Diagnostic(level: .ok, text: text) }
    static func warning(_ text: String, _ remedy: [String] = []) -> Diagnostic { Diagnostic(level: .warning, text: text, remedy: remedy) }
    static func problem(_ text: String, _ remedy: [String] = []) -> Diagnostic { Diagnostic(level: .problem, text: text, remedy: remedy) }

    /// As it is printed: a line, and under it what mends it.
    var lines: String {
        let level = level.rawValue
        let margin = String(repeating: " ", count: Level.warning.rawValue.count + 2)
        return level + margin.dropFirst(level.count) + text + "\n" + remedy.map { "\(margin)    \($0)\n" }.joined()
    }
}
