import Text

/// The result of a check. It never contains a secret.
package struct Diagnostic: Sendable, Equatable {
    package enum Level: String, Sendable {
        case ok
        /// It works, but perhaps not as expected.
        case warning
        case problem
    }

    package var level: Level
    package var text: String
    /// The lines that fix it.
    package var fix: [String] = []

    package static func ok(_ text: String) -> Diagnostic { Diagnostic(level: .ok, text: text) }

    package static func warning(_ text: String, _ fix: [String] = []) -> Diagnostic {
        Diagnostic(level: .warning, text: text, fix: fix)
    }

    package static func problem(_ text: String, _ fix: [String] = []) -> Diagnostic {
        Diagnostic(level: .problem, text: text, fix: fix)
    }

    /// The diagnostic as it is printed: one line, and the lines that fix it below.
    package var lines: String {
        let level = level.rawValue
        let margin = String(repeating: " ", count: Level.warning.rawValue.count + 2)
        return level + margin.dropFirst(level.count) + text + "\n" + fix.map { "\(margin)    \($0)\n" }.joined()
    }
}
