import Foundation
import Harness
import Testing

@Suite("Session commands on a terminal")
struct SessionCommandTerminalTests {
    @Test(
        "a session is deleted only if the answer is yes",
        arguments: [("y\n", true), ("YES\n", true), ("n\n", false), ("\n", false), ("yesterday\n", false), ("", false)])
    func delete(answer: String, isRemoved: Bool) async throws {
        let data = try DataDirectory()
        try data.add("a")
        let result = try await data.terminal("delete a", input: answer)
        #expect(result.status == (isRemoved ? 0 : 1))
        #expect(result.output.contains("Remove the session a and all that was said in it? [y/N] "))
        #expect(result.output.contains("Nothing was removed.") == !isRemoved)
        #expect(try data.names("data/sessions").isEmpty == isRemoved)
    }

    @Test("delete does not ask without a terminal, whatever its input")
    func noTerminal() async throws {
        let data = try DataDirectory()
        try data.add("a")
        let result = try await data.shell("yes | $sessions delete a $data")
        #expect(result.status == 64 && result.error.contains("--yes") && result.output.isEmpty)
        #expect(try data.names("data/sessions") == ["a.json"])
    }

    @Test(
        "control characters are escaped on a terminal and unchanged in a pipe",
        arguments: ["show a --json", "export a", "export a --format jsonl"])
    func controlCharacters(command: String) async throws {
        let data = try DataDirectory()
        try data.add("a", answer: "red \u{9b}31m, gone \u{7f}, \\u001b[2J, 猫")
        let shown = try await data.terminal(command).output
        #expect(shown.contains(#"red \u009b31m, gone \u007f, \u001b[2J, 猫"#))
        #expect(shown.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control })
        let piped = try await data.shell("$sessions \(command) $data").output
        #expect(piped.contains("red \u{9b}31m, gone \u{7f}, \\u001b[2J, 猫"))
    }

    @Test("what turns text around, and a line feed in a file's name, is escaped in listings")
    func direction() async throws {
        let data = try DataDirectory()
        let text = "a\u{202e}b\u{2066}c\u{200f}d\u{2028}e"
        let escaped = #"a\u202eb\u2066c\u200fd\u2028e"#
        let name = text.utf8.map { 0x61...0x7a ~= $0 ? String(UnicodeScalar($0)) : "%" + String($0, radix: 16, uppercase: true) }.joined()
        try data.add(text, name: name, answer: text)
        for command in ["list", "list --json"] {
            let shown = try await data.terminal(command).output
            #expect(shown.contains(escaped), "\(shown)")
        }
        let shown = try await data.terminal("show '\(text)'").output
        #expect(shown.contains(escaped), "\(shown)")
        try Data().write(to: URL(fileURLWithPath: data.home.path + "/data/sessions/x\ny\u{1b}[2J\u{202e}.json"))
        for output in [try await data.terminal("verify").output, try await data.shell("$sessions verify $data").output] {
            #expect(output.contains(#"x\u000ay\u001b[2J\u202e.json: "#) && !output.contains("\u{1b}[2J"), "\(output)")
        }
    }

    @Test("show and undo replace control characters on a terminal", arguments: ["show a", "undo a"])
    func markdown(command: String) async throws {
        let data = try DataDirectory()
        try data.add("a", answer: "gone \\u001b[2J")
        let shown = try await data.terminal(command).output
        #expect(shown.contains("\n> gone \u{fffd}[2J\n") && !shown.contains("\u{1b}"))
    }

    @Test(
        "a long command shows its progress on a terminal only, and clears it",
        arguments: [
            ("verify", "1 session file"), ("prune --older-than 90d --dry-run", "2 session files"), ("export --all -o out", "1 session"),
            ("import data/sessions/a.json data/sessions/b.json", "0 of 2 files"),
        ])
    func progress(command: String, text: String) async throws {
        let data = try DataDirectory()
        for key in ["a", "b"] { try data.add(key) }
        let shown = try await data.terminal(command)
        #expect(shown.status == 0 && shown.output.contains("\r\u{1b}[K\(text)\r\u{1b}[K"))
        let piped = try await data.shell("$sessions \(command) $data 2>&1")
        #expect(piped.status == 0 && !piped.output.contains("\u{1b}") && !piped.output.contains("\r"))
    }
}
