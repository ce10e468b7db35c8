import Foundation
import Harness
import Testing

@Suite("What session commands write")
struct SessionCommandOutputTests {
    @Test(
        "a command whose reader closes the pipe ends silently", arguments: ["list", "list --json", "export large"], [true, false])
    func closedPipe(command: String, hasSignal: Bool) async throws {
        let data = try DataDirectory()
        // More than a pipe holds (pipe(7)).
        try data.add("large", answer: String(repeating: "word ", count: 100_000))
        for number in 0..<500 { try data.add(String(repeating: "k", count: 150) + "\(number)") }
        let trap = hasSignal ? "" : "trap '' PIPE\n"
        let result = try await data.shell(trap + "$sessions \(command) $data | head -n 1 | head -c 1; exit ${PIPESTATUS[0]}")
        #expect(result.status == 128 + Int(SIGPIPE))
        #expect(result.output.count == 1 && result.error.isEmpty)
    }

    @Test(
        "a command whose output has no room fails with one sentence",
        arguments: ["list", "list --json", "show a", "export a", "undo a"])
    func fullDevice(command: String) async throws {
        let data = try DataDirectory()
        try data.add("a")
        let result = try await data.shell("$sessions \(command) $data >/dev/full")
        #expect(result.status == 1)
        #expect(result.error.hasSuffix("nanobot: Standard output cannot be written: No space left on device\n"))
    }

    @Test("closed standard descriptors do not become session files", arguments: [">&- 2>&-", "2>&-", "<&- >&- 2>&-"])
    func closedDescriptors(closing: String) async throws {
        let data = try DataDirectory()
        try data.add("a")
        let file = try #require(data.bytes("data/sessions/a.json"))
        #expect(try await data.shell("$sessions show a $data \(closing)").status == (closing == "2>&-" ? 0 : 1))
        // What becomes of the torn tail is said while the file is open.
        _ = try data.home.file("data/sessions/a.json", file.dropLast(3) + Array("],".utf8))
        #expect(try await data.shell("$sessions verify --repair $data \(closing)").status == 1)
        #expect(data.bytes("data/sessions/a.json") == file)
        #expect(data.bytes("data/locks-0") == [] && data.bytes("data/locks-c") == [])
    }

    @Test("an export without room leaves the old file and no partial one")
    func exportWithoutRoom() async throws {
        let data = try DataDirectory()
        try data.add("a", answer: String(repeating: "word ", count: 100_000))
        for arguments in ["a", "--all"] {
            let result = try await data.shell(
                "mkdir -p out; echo old >out/a.json; prlimit --fsize=65536 $sessions export \(arguments) -o out $data")
            #expect(result.status == 1 && result.error == "nanobot: out/a.json cannot be written: File too large\n")
            #expect(try data.names("out") == ["a.json"] && data.bytes("out/a.json") == Array("old\n".utf8))
        }
    }

    @Test("an unreadable session does not keep the others from being exported")
    func exportOfOthers() async throws {
        let data = try DataDirectory()
        for key in ["a", "b", "c"] { try data.add(key) }
        _ = try data.home.file("data/sessions/b.json", Array("not a session".utf8))
        let result = try await data.shell("$sessions export --all --format markdown -o out $data")
        #expect(result.status == 1)
        #expect(result.error.contains("b.json does not begin as a session does"))
        #expect(result.error.hasSuffix("2 sessions written to out, 1 not readable\n"))
        #expect(try data.names("out") == ["a.md", "c.md"])
    }

    @Test(
        "sessions are not exported over the sessions themselves, nor to an impossible directory",
        arguments: ["data/sessions", "file", "none/out"])
    func exportDirectory(path: String) async throws {
        let data = try DataDirectory()
        try data.add("a")
        let file = data.bytes("data/sessions/a.json")
        let result = try await data.shell("touch file; ln -s data/sessions link; $sessions export --all -o \(path) $data")
        #expect(result.status == 1 && result.error.hasPrefix("nanobot: ") && result.error.split(separator: "\n").count == 1)
        #expect(try data.names("data/sessions") == ["a.json"] && data.bytes("data/sessions/a.json") == file)
        #expect(try await data.shell("$sessions export a -o link $data").error.contains("where the sessions live"))
    }

    @Test("an unreadable file is reported with the reason, and the others are imported")
    func importing() async throws {
        let data = try DataDirectory()
        try data.add("a")
        let result = try await data.shell("mv data/sessions/a.json .; $sessions import . none a.json $data")
        #expect(result.status == 1)
        #expect(
            result.output == """
                .: failed: Is a directory
                none: failed: No such file or directory
                a.json: imported 1 turn as a

                """)
    }
}
