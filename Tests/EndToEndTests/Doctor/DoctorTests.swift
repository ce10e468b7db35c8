import Foundation
import Glibc
import Harness
import Testing

@Suite("nanobot doctor on this host")
struct DoctorTests {
    @Test("the doctor finds nothing wrong with a new host, and creates nothing")
    func nothing() async throws {
        let home = try TemporaryDirectory()
        let diagnosis = try await Diagnosis(home, [])
        diagnosis.expectProblems([])
        #expect(diagnosis.findings("data directory")[0].text.contains("can be made in \(home.path)"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path) == [])
    }

    @Test("every invalid setting is reported, and the rest is checked")
    func settings() async throws {
        let environment = [
            "NANOBOT_WORKERS": "x", "NANOBOT_DURABILITY": "maybe", "NANOBOT_MODELS": "[", "NANOBOT_UPSTREAM_KEY": "secret word",
        ]
        let diagnosis = try await Diagnosis(try TemporaryDirectory(), [], environment: environment)
        diagnosis.expectProblems(["configuration", "configuration", "configuration", "configuration"])
        for name in ["workers", "durability", "models", "upstream.key"] { #expect(diagnosis.problems.contains { $0.text.contains(name) }) }
        #expect(!diagnosis.findings("data directory").isEmpty)
        #expect(!diagnosis.description.contains("secret"))
    }

    @Test("an unreadable configuration file ends the doctor, and one whose secrets others can read is reported")
    func file() async throws {
        let home = try TemporaryDirectory()
        let file = try home.file("config.json", #"{"wokers":1}"#.utf8)
        let unknown = try await Diagnosis(home, ["--config", file])
        #expect(unknown.status == 1 && unknown.problems.count == 1)
        #expect(unknown.description.contains(#""wokers""#))

        _ = try home.file("config.json", #"{"upstream":{"url":"http://127.0.0.1:1/v1","key":"sk-secret"}}"#.utf8)
        chmod(file, 0o644)
        let open = try await Diagnosis(home, ["--config", file])
        open.expectProblems(["upstream http"])
        #expect(open.findings("configuration").last?.remedy == ["chmod 600 \(file)"])
        chmod(file, 0o600)
        let closed = try await Diagnosis(home, ["--config", file])
        #expect(closed.findings("configuration").map(\.level) == ["ok"])
        #expect(!closed.description.contains("sk-secret"))
    }

    @Test("an upstream that is down, refuses the key or lacks the model is reported, without the key")
    func upstream() async throws {
        let text = { (_: CheckedSite) in
            """
            default_type application/json;
            location /v1/models {
                if ($http_authorization != "Bearer sk-right") { return 401 '{"error":{"message":"No: $http_authorization"}}'; }
                return 200 '{"object":"list","data":[{"id":"small"}]}';
            }
            location /page/ { return 200 '<html>'; }
            """
        }
        try await CheckedSite.run(.nginx, text) { site in
            func diagnosis(_ key: String, _ model: String? = nil, _ path: String = "/v1") async throws -> Diagnosis {
                var environment = ["NANOBOT_UPSTREAM_URL": "http://127.0.0.1:\(site.port)\(path)", "NANOBOT_UPSTREAM_KEY": key]
                environment["NANOBOT_UPSTREAM_MODEL"] = model
                let diagnosis = try await Diagnosis(site.home, [], environment: environment)
                #expect(!diagnosis.description.contains(key), "\(diagnosis)")
                return diagnosis
            }
            let name = "upstream http"
            try await diagnosis("sk-wrong").expectProblems([name])
            try await diagnosis("sk-right").expectProblems([])
            let (known, unknown) = (try await diagnosis("sk-right", "small"), try await diagnosis("sk-right", "large"))
            #expect(known.findings.last?.level == "ok")
            #expect(unknown.findings.last?.level == "warning")
            // A model that is named needs no list.
            for path in ["/nothing", "/page"] {
                try await diagnosis("sk-right", nil, path).expectProblems([name])
                let named = try await diagnosis("sk-right", "small", path)
                #expect(named.findings.last?.level == "warning")
            }
            let down = ["NANOBOT_UPSTREAM_URL": "http://user:word@127.0.0.1:\(try Port.reserve())/v1"]
            let unreachable = try await Diagnosis(site.home, [], environment: down)
            unreachable.expectProblems([name])
            #expect(!unreachable.description.contains("word"))
        }
    }

    @Test("a data directory that cannot be written is reported with its owner")
    func readOnly() async throws {
        let data = try DataDirectory()
        let path = data.home.path + "/data"
        chmod(path, 0o500)
        defer { chmod(path, 0o700) }
        // Permissions stop root, too, once it has no capabilities (capabilities(7)).
        let wrapper = geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : []
        let diagnosis = try await Diagnosis(data.home, ["--data-dir", path], wrapper: wrapper)
        diagnosis.expectProblems(["data directory"])
        #expect(diagnosis.problems[0].text.contains(path))
        try await Diagnosis(data.home, ["--data-dir", data.home.path + "/data/sessions/x.json/y"]).expectProblems([])
        _ = try data.home.file("file", [])
        try await Diagnosis(data.home, ["--data-dir", data.home.path + "/file"]).expectProblems(["data directory"])
    }

    @Test("a data directory that other users can read is reported with the line that fixes it")
    func modes() async throws {
        let data = try DataDirectory()
        let path = data.home.path + "/data"
        for directory in [path, path + "/sessions"] { chmod(directory, 0o755) }
        let arguments = ["--data-dir", path]
        let remedy = try await Diagnosis(data.home, arguments).expectProblems(["data directory"])
        let command = try #require(remedy.first)
        #expect(try await Program.run("sh", ["-c", command]).status == 0)
        try await Diagnosis(data.home, arguments).expectProblems([])
    }

    @Test("a full disk is reported")
    func fullDisk() async throws {
        let environment = ["NANOBOT_STORAGE_MIN_FREE_BYTES": "1125899906842624"]
        try await Diagnosis(try TemporaryDirectory(), [], environment: environment).expectProblems(["data directory"])
    }

    @Test("an argument that is not a URL is refused", arguments: ["", "ftp://x", "http://", "http://unix:/x.sock:/", "http://x/?a"])
    func address(text: String) async throws {
        let home = try TemporaryDirectory()
        let outcome = try await Program.run(Nanobot.path, ["doctor", text], environment: Nanobot.environment(home))
        #expect(outcome.status == 64)
    }
}
