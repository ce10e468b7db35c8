import Foundation
import Harness
import Testing

@Suite("Sessions on the command line")
struct SessionCommandTests {
    private func sessions(_ server: Server, _ arguments: [String]) async throws -> (status: Int, output: String, error: String) {
        let outcome = try await Program.run(
            Nanobot.path, ["sessions"] + arguments + ["--data-dir", server.dataDirectory], environment: Nanobot.environment(server.home))
        return (outcome.status, String(decoding: outcome.standardOutput, as: UTF8.self), outcome.standardError)
    }

    @Test("a running responder's sessions can be listed, shown, exported, copied, undone and deleted")
    func besideAResponder() async throws {
        try await Server.run(.nginx) { server in
            for text in ["My hat is blue", "Hello"] { _ = try await server.chat(text, session: "wx:dm:a") }
            _ = try await server.chat("Hello", session: "wx:group:g:user:a")

            let list = try await sessions(server, ["list", "--json", "--prefix", "wx:dm:"])
            let row = try JSON(Array(list.output.utf8))
            #expect(row["key"]?.text == "wx:dm:a" && row["turns"]?.number == 2)
            #expect(try await sessions(server, ["list"]).output.split(separator: "\n").count == 3)
            #expect(try await sessions(server, ["list", "--json", "--limit", "1"]).output.split(separator: "\n").count == 1)
            #expect(try await sessions(server, ["show", "wx:dm:a"]).output.contains("My hat is blue"))
            let file = try server.bytes(ofSession: "wx%3Adm%3Aa")
            #expect(try await sessions(server, ["show", "wx:dm:a", "--json"]).output == String(decoding: file, as: UTF8.self))
            let output = server.home.path + "/out"
            #expect(try await sessions(server, ["export", "--all", "-o", output]).status == 0)
            #expect(FileManager.default.contents(atPath: output + "/wx%3Adm%3Aa.json").map { Array($0) } == file)
            #expect(try Server.mode(output + "/wx%3Adm%3Aa.json") == 0o600)

            #expect(try await sessions(server, ["fork", "wx:dm:a", "copy"]).status == 0)
            let again = try await sessions(server, ["fork", "wx:dm:a", "copy"])
            #expect(again.status == 1 && again.error.contains("There is a session copy already"))
            #expect(try await sessions(server, ["undo", "copy"]).output.contains("\n> Hello\n"))
            #expect(try await server.chat("What did I just ask you?", session: "copy").answer.contains("My hat is blue"))
            #expect(try await sessions(server, ["delete", "copy"]).status == 64)
            #expect(try await sessions(server, ["delete", "copy", "--yes"]).status == 0)
            #expect(try await sessions(server, ["show", "copy"]).status == 1)
            #expect(try await server.chat("What did I just ask you?", session: "wx:dm:a").answer.contains("Hello"))
        }
    }

    @Test("an export is imported byte for byte, other programs' sessions are imported, and nothing is overwritten")
    func importing() async throws {
        try await Server.run(.nginx) { server in
            for text in ["My hat is blue", "Hello"] { _ = try await server.chat(text, session: "a") }
            let file = try server.bytes(ofSession: "a")
            for format in ["json", "jsonl"] {
                let output = server.home.path + "/" + format
                #expect(try await sessions(server, ["export", "a", "--format", format, "-o", output]).status == 0)
                #expect(try await sessions(server, ["import", "\(output)/a.\(format)"]).output.contains("skipped"))
                #expect(try await sessions(server, ["delete", "a", "--yes"]).status == 0)
                #expect(try await sessions(server, ["import", "\(output)/a.\(format)"]).output.hasSuffix("imported 2 turns as a\n"))
                #expect(try server.bytes(ofSession: "a") == file)
            }
            let lines = [
                #"{"_type":"metadata","created_at":"2026-02-01T12:00:00.000001","updated_at":"2026-02-01T12:00:09","metadata":{}}"#,
                #"{"role":"user","content":"My cat is Tom","timestamp":"2026-02-01T12:00:00.123456"}"#,
                #"{"role":"assistant","content":"A fine name","timestamp":"2026-02-01T12:00:09"}"#,
            ]
            let path = try server.home.file("wx_dm_user_b.jsonl", Array(lines.joined(separator: "\n").utf8))
            let unnamed = try await sessions(server, ["import", path])
            #expect(unnamed.status == 1 && unnamed.output.contains("--key"))
            #expect(try await sessions(server, ["import", path, "--key", "wx:dm:user_b"]).status == 0)
            #expect(try await server.chat("What did I just ask you?", session: "wx:dm:user_b").answer.contains("My cat is Tom"))
            let merged = try await sessions(server, ["import", path, "--key", "wx:dm:user_b", "--merge"])
            #expect(merged.output.hasSuffix("added 0 turns to wx:dm:user_b\n"))
        }
    }

    @Test("a damaged file is named, repaired on request, and old sessions are pruned")
    func verifyAndPrune() async throws {
        try await Server.run(.nginx) { server in
            for text in ["one", "two"] { _ = try await server.chat(text, session: "a") }
            _ = try await server.chat("one", session: "b")
            #expect(try await sessions(server, ["verify"]).status == 0)
            let path = server.dataDirectory + "/sessions/a.json"
            try Data(try server.bytes(ofSession: "a").dropLast(9)).write(to: URL(fileURLWithPath: path))
            let damaged = try await sessions(server, ["verify"])
            #expect(damaged.status == 1 && damaged.output == "a.json: Its last write was cut short\n")
            #expect(try await sessions(server, ["verify", "--repair"]).status == 1)
            let whole = try await sessions(server, ["verify"])
            #expect(whole.status == 0 && whole.output.isEmpty && !whole.error.contains("\u{1b}"))
            #expect(try server.session("a")["turns"]?.elements.count == 1)

            try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -91 * 86_400)], ofItemAtPath: path)
            let dry = try await sessions(server, ["prune", "--older-than", "90d", "--dry-run"])
            #expect(dry.output.hasSuffix("  a\n") && FileManager.default.fileExists(atPath: path))
            #expect(try await sessions(server, ["prune", "--older-than", "90d"]).status == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
            #expect(try server.session("b")["turns"]?.elements.count == 1)
        }
    }

    @Test("a missing data directory is one sentence, and is not created")
    func noDirectory() async throws {
        let home = try TemporaryDirectory()
        let outcome = try await Program.run(
            Nanobot.path, ["sessions", "list", "--data-dir", home.path + "/none"], environment: Nanobot.environment(home))
        #expect(outcome.status == 1)
        #expect(outcome.standardError == "nanobot: \(home.path)/none is no data directory: it has no folder named sessions\n")
        #expect(!FileManager.default.fileExists(atPath: home.path + "/none"))
    }
}
