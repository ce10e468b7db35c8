import Foundation
import Harness
import TestSupport
import Testing

@Suite("API keys on the command line and behind a web server")
struct KeyCommandTests {
    private struct Outcome {
        var status: Int
        var output: String
        var error: String
    }

    private func keys(_ home: TemporaryDirectory, _ arguments: String...) async throws -> Outcome {
        let outcome = try await Program.run(Nanobot.path, ["keys"] + arguments, environment: Nanobot.environment(home))
        return Outcome(
            status: outcome.status, output: String(decoding: outcome.standardOutput, as: UTF8.self), error: outcome.standardError)
    }

    private func secret(_ outcome: Outcome) throws -> String {
        String(try #require(outcome.output.split(separator: "\n").first { $0.hasPrefix("nb-") }))
    }

    @Test("the first key closes the API, and every change is in force at once, without a restart", arguments: Server.Kind.allCases)
    func life(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            func status(_ secret: String, _ session: String = "wx:a") async throws -> Int {
                try await server.chat("Hello", session: session, headers: ["Authorization: Bearer \(secret)"]).status
            }
            #expect(try await status("any") == 200)
            let home = server.home
            let secret = try self.secret(try await keys(home, "add", "--name", "bridge", "--scope", "wx:", "--expires", "90d"))
            #expect(try await eventually { try await status("any") == 401 })
            #expect(try await status(secret) == 200)
            #expect(try await status(secret, "tg:a") == 403)
            expectError(try await server.chat("Hello", session: "wx:a"), 401, "invalid_api_key")
            #expect(try await server.send("GET", "/health").status == 200)

            let next = try self.secret(try await keys(home, "rotate", "bridge", "--grace", "1h"))
            #expect(try await eventually { try await status(next) == 200 })
            #expect(try await status(secret) == 200)
            #expect(try await keys(home, "set", "bridge", "--scope", "tg:", "--routes", "chat,read").status == 0)
            #expect(try await eventually { try await status(next, "tg:a") == 200 })
            #expect(try await status(next) == 403)
            #expect(try await keys(home, "block", "bridge").status == 0)
            #expect(try await eventually { try await status(next, "tg:a") == 401 })
            #expect(try await keys(home, "unblock", "bridge").status == 0)
            #expect(try await eventually { try await status(next, "tg:a") == 200 })
            let list = try await keys(home, "list").output
            #expect(list.contains("bridge") && list.contains("chat,read") && !list.contains("nb-"))
            #expect(try await keys(home, "revoke", "bridge").status == 0)
            #expect(try await eventually { try await status(next, "tg:a") == 401 })
            #expect(try await status(secret) == 401)
            for text in [secret, next] { #expect(!server.program.standardError.contains(text)) }
        }
    }

    @Test("over CGI a change is in force with the next request, and a damaged key file opens nothing")
    func cgi() async throws {
        let home = try TemporaryDirectory()
        func status(_ secret: String?) async throws -> String {
            var environment = Nanobot.environment(home).merging(
                [
                    "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/v1/models",
                    "SERVER_PROTOCOL": "HTTP/1.1",
                ]) { $1 }
            environment["HTTP_AUTHORIZATION"] = secret.map { "Bearer \($0)" }
            let outcome = try await Program.run(Nanobot.path, [], environment: environment)
            return String(decoding: outcome.standardOutput.prefix { $0 != 0x0d }, as: UTF8.self)
        }
        #expect(try await status(nil) == "Status: 200 OK")
        let secret = try self.secret(try await keys(home, "add", "--name", "a", "--scope", "*"))
        #expect(try await status(nil) == "Status: 401 Unauthorized")
        #expect(try await status(secret) == "Status: 200 OK")
        let today = String(Date().ISO8601Format().prefix(10))
        #expect(try await keys(home, "show", "a", "--json").output.contains("\"lastUsed\":\"\(today)\""))
        let sent = Nanobot.environment(home).merging(["K": Nanobot.path]) { $1 }
        let unseen = try await Program.run("sh", ["-c", "\"$K\" keys add --name b --scope '*' >/dev/full"], environment: sent)
        #expect(unseen.status == 1 && unseen.standardError.contains("nothing was changed"))
        #expect(!(try await keys(home, "list")).output.contains("b "))
        let path = home.path + "/.nanobot/keys.json"
        let file = try #require(FileManager.default.contents(atPath: path))
        for damage in [Data(), Data("{".utf8), file.dropLast(3)] {
            try damage.write(to: URL(fileURLWithPath: path))
            #expect(try await status(secret) == "Status: 401 Unauthorized")
        }
        try file.write(to: URL(fileURLWithPath: path))
        #expect(chmod(path, 0o644) == 0)
        #expect(try await status(secret) == "Status: 401 Unauthorized")
        #expect(try await keys(home, "list").error.contains("run chmod 600"))
        #expect(chmod(path, 0o600) == 0)
        #expect(try await keys(home, "revoke", "a").status == 0)
        #expect(try await status(secret) == "Status: 401 Unauthorized")
        // The data directory remembers that there were keys.
        try FileManager.default.removeItem(atPath: path)
        #expect(try await status(nil) == "Status: 401 Unauthorized")
    }

    @Test("a key that the configuration gives is in force from the next request on, and is changed there alone")
    func given() async throws {
        let home = try TemporaryDirectory()
        let secret = "a-secret-of-my-own"
        func write(_ text: String) throws { try home.file(".nanobot/config.json", Array(text.utf8)) }
        func status(_ secret: String) async throws -> Int {
            let request = [
                "GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/v1/models",
                "SERVER_PROTOCOL": "HTTP/1.1", "HTTP_X_API_KEY": secret,
            ]
            let outcome = try await Program.run(Nanobot.path, [], environment: Nanobot.environment(home).merging(request) { $1 })
            let response = try HTTPResponse(cgi: outcome.standardOutput)
            if response.status == 500 { expectError(response, 500, "configuration") }
            return response.status
        }
        try FileManager.default.createDirectory(atPath: home.path + "/.nanobot", withIntermediateDirectories: false)
        try write(#"{"auth":{"keys":[{"name":"me","key":"\#(secret)"}]}}"#)
        #expect(try await status("x") == 401)
        #expect(try await status(secret) == 200)
        let stored = try #require(FileManager.default.contents(atPath: home.path + "/.nanobot/keys.json"))
        #expect(!String(decoding: stored, as: UTF8.self).contains(secret))
        for command in ["rotate", "revoke"] {
            let outcome = try await keys(home, command, "me")
            #expect(outcome.status == 1 && outcome.error.contains("given in auth.keys (\(home.path)/.nanobot/config.json)"))
        }
        for command in ["config", "doctor"] {
            let outcome = try await Program.run(Nanobot.path, [command], environment: Nanobot.environment(home))
            let output = String(decoding: outcome.standardOutput, as: UTF8.self) + outcome.standardError
            #expect(!output.contains(secret) && output.contains("auth.keys"))
        }
        try write(#"{"auth":{"keys":[{"name":"me","key":"too-short"}]}}"#)
        #expect(try await status(secret) == 500)
        try write("{}")
        #expect(try await status(secret) == 200)
    }

    @Test("wrong arguments change nothing and are said in a sentence")
    func arguments() async throws {
        let home = try TemporaryDirectory()
        let wrong: [[String]] = [
            ["--name", "a"], ["--name", "a", "--scope", "wx"], ["--name", "a", "--scope", ""], ["--name", "", "--scope", "*"],
            ["--name", "a b", "--scope", "*"], ["--name", String(repeating: "a", count: 65), "--scope", "*"],
            ["--name", "a", "--scope", "*", "--routes", "chat,all"], ["--name", "a", "--scope", "*", "--routes", "chat,"],
            ["--name", "a", "--scope", "*", "--expires", "soon"], ["--name", "a", "--scope", "*", "--expires", "99999999999999999999d"],
            ["--name", "a", "--scope", "*", "--expires", "-1d"], ["--name", "a", "--scope", "*", "--expires", "2000-01-01"],
            ["--name", "a", "--scope", "*", "--expires", "0d"], ["--name", "a", "--scope", "*", "--expires", "2099-02-30"],
            ["--name", "a", "--scope", "*", "--models", "all,x"], ["--name", "a", "--scope", "*", "--origin", "https://a.example/"],
            ["--name", "a", "--scope", "*", "--origin", "*"], ["--name", "a", "--scope", "*", "--kind", "public"],
            ["--name", "a", "--kind", "publishable"], ["--name", "a", "--kind", "publishable", "--origin", "none"],
            ["--name", "a", "--kind", "publishable", "--origin", "https://a.example", "--scope", "web:"],
            ["--name", "a", "--kind", "publishable", "--origin", "https://a.example", "--routes", "chat,list"],
        ]
        for arguments in wrong {
            let outcome = try await Program.run(Nanobot.path, ["keys", "add"] + arguments, environment: Nanobot.environment(home))
            #expect(outcome.status == 64, "\(arguments)")
        }
        #expect(!FileManager.default.fileExists(atPath: home.path + "/.nanobot/keys.json"))
        for command in ["show", "set", "rotate", "block", "unblock", "revoke"] {
            let outcome = try await keys(home, command, "none")
            #expect(outcome.status == 1 && outcome.error.contains("There is no key of the name or id \"none\""), "\(command)")
        }
        let added = try await keys(home, "add", "--name", "a", "--scope", "*", "--expires", "2099-01-01", "--json")
        let json = try JSON(Array(added.output.utf8))
        #expect(json["secret"]?.text?.hasPrefix("nb-") == true && json["expires"]?.text == "2099-01-01T00:00:00Z")
        #expect(try await keys(home, "add", "--name", "a", "--scope", "*").status == 1)
    }

    @Test("a key shows whose pages may use it, and a publishable one what it is")
    func pages() async throws {
        let home = try TemporaryDirectory()
        let added = try await keys(home, "add", "--name", "site", "--kind", "publishable", "--origin", "https://A.example:443")
        #expect(try secret(added).hasPrefix("nb-pub-"))
        #expect(try await keys(home, "set", "site", "--origin", "none").status == 1)
        #expect(try await keys(home, "set", "site", "--origin", "https://a.example", "--origin", "http://[::1]:3000").status == 0)
        let shown = try await keys(home, "show", "site").output
        for text in ["publishable", "web:key_", "chat,read,write", "https://a.example http://[::1]:3000"] { #expect(shown.contains(text)) }
        #expect(try await keys(home, "list").output.contains("https://a.example http://[::1]:3000"))
        _ = try await keys(home, "add", "--name", "app", "--scope", "*", "--origin", "https://a.example")
        let json = try JSON(Array(try await keys(home, "set", "app", "--origin", "none", "--json").output.utf8))
        #expect(json["kind"]?.text == "secret" && json["origins"] == nil)
    }
}
