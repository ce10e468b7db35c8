import Configuration
import Foundation
import HTTPClient
import Testing

@Suite("The configuration")
struct ConfigurationTests {
    @Test("an option wins over a variable, a variable over the file, and the file over the default")
    func precedence() throws {
        let file = try SettingsFile(#"{"dataDir":"/file","workers":2,"stream":true}"#)
        let environment = [
            "HOME": "/home/alice", "NANOBOT_DATA_DIR": "/variable", "NANOBOT_WORKERS": "3", "NANOBOT_CONFIG": "/nonexistent",
        ]
        var configuration = try Configuration(file: file.path, environment: environment)
        func source(_ name: String) throws -> Source { configuration.source(of: try #require(Configuration.key(name))) }

        #expect(try configuration[.dataDirectory] == "/variable")
        #expect(try configuration[.workers] == 3)
        #expect(try configuration[.streams])
        #expect(try source("dataDir") == .environment("NANOBOT_DATA_DIR"))
        #expect(try source("stream") == .file(file.path))
        #expect(try source("durability") == .default)
        configuration.setOption(.dataDirectory, "/option")
        #expect(try configuration[.dataDirectory] == "/option")
        #expect(try source("dataDir") == .option)
    }

    @Test("$NANOBOT_CONFIG names the file; without HOME the user's entry gives the data directory")
    func places() throws {
        let file = try SettingsFile(#"{"workers":2}"#)
        #expect(try Configuration(environment: ["NANOBOT_CONFIG": file.path])[.workers] == 2)
        #expect(try Configuration(environment: ["NANOBOT_CONFIG": file.path])[.dataDirectory].hasSuffix("/.nanobot/data"))
        #expect(try Configuration(environment: ["NANOBOT_CONFIG": file.path, "HOME": ""])[.dataDirectory].hasPrefix("/"))
    }

    @Test("the keys are beside the configuration file, also if its path has no folder")
    func besideTheFile() throws {
        // A test cannot go to another directory: the others would, too.
        let name = "nanobot-\(UUID().uuidString).json"
        try "{}".write(toFile: name, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: name) }
        #expect(try Configuration(file: name, environment: [:]).keysFile() == "./keys.json")
        #expect(try Configuration(file: "./" + name, environment: [:]).keysFile() == "./keys.json")
        let file = try SettingsFile("{}")
        #expect(try Configuration(file: file.path, environment: [:]).keysFile().hasSuffix("/keys.json"))
    }

    @Test("a CGI program's environment has settings; of two with one name the first counts, and a header is none")
    func environmentOfCGI() throws {
        let file = try SettingsFile("{}")
        let configuration = try Configuration(environment: [
            ("HTTP_X_SESSION_KEY", "a"), ("NANOBOT_CONFIG", file.path), ("NANOBOT_WORKERS", "3"), ("NANOBOT_WORKERS", "4"),
            ("HTTP_NANOBOT_DATA_DIR", "/header"), ("NANOBOT_DATA_DIR", "/variable"),
        ])
        #expect(try configuration[.workers] == 3)
        #expect(try configuration[.dataDirectory] == "/variable")
    }

    @Test("a file may begin with a byte order mark")
    func byteOrderMark() throws {
        let file = try SettingsFile([0xef, 0xbb, 0xbf] + #"{"workers":2}"#.utf8)
        #expect(try Configuration(file: file.path, environment: [:])[.workers] == 2)
    }

    @Test("a file has nested members, values of each kind, and JSON as such or as a text")
    func file() throws {
        let configuration = try Configuration.make(
            file: """
                {"model":{"name":"e\\u0301","system":"Be \\"brief\\""},"history":{"maxTurns":"7","maxTokens":1e3,"summarize":true},
                 "limits.connections":64,"upstream":{"url":"http://a/v1"},
                 "models":"{\\"x\\":{}}","upstream.fallbacks":[ {"url" : "http://b"} ]}
                """)
        #expect(configuration.problems() == [])
        #expect(try configuration[.modelName].utf8.elementsEqual("e\u{301}".utf8))
        #expect(try configuration[.systemPrompt] == #"Be "brief""#)
        #expect(try configuration[.historyMaxTurns] == 7 && configuration[.historyMaxTokens] == 1000)
        #expect(try configuration[.summarizesHistory])
        #expect(try configuration[.connections] == 64)
        #expect(try configuration[.models]?.map(\.id) == ["x"])
        #expect(try configuration.upstreams().map(\.address.description) == ["http://a/v1", "http://b"])
    }

    @Test("origins are a list in a file and a text with commas in a variable, and are kept as browsers send them")
    func origins() throws {
        for file in [
            #"{"cors":{"origins":["https://App.example:443","http://[::1]:8080"]}}"#,
            #"{"cors.origins":"https://app.example,http://[::1]:8080"}"#,
        ] {
            let configuration = try Configuration.make(file: file)
            #expect(try configuration[.origins].map { "\($0)" } == ["https://app.example", "http://[::1]:8080"])
        }
        let app = try Configuration.make(["NANOBOT_CORS_ORIGINS": "capacitor://localhost"])
        #expect(try app[.origins].map { "\($0)" } == ["capacitor://localhost"])
        for none in ["[]", "\"\""] { #expect(try Configuration.make(file: "{\"cors\":{\"origins\":\(none)}}")[.origins].isEmpty) }
        for wrong in [#"["*"]"#, #"["https://a.example/"]"#, #""https://a.example;https://b.example""#, #"["https://a.example",""]"#] {
            let problems = try Configuration.make(file: "{\"cors\":{\"origins\":\(wrong)}}").problems()
            #expect(problems.count == 1 && problems[0].description.contains("cors.origins must be origins such as"))
        }
        #expect(message { _ = try Configuration.make(file: #"{"cors":{"origins":[1]}}"#) }.contains("cors.origins"))
    }

    @Test(
        "a file that is not an object of known settings is refused",
        arguments: [
            ("", "is not a JSON object of settings: it ends in the middle of line 1."), ("[1]", "is not a JSON object of settings."),
            ("{\n\"workers\":tru}", "is not a JSON object of settings: line 2 is not JSON."),
            ("{} {}", "is not a JSON object of settings: line 1 is not JSON."),
            (#"{"model":{"nmae":"x"}}"#, #"has the unknown key "model.nmae". The nearest known one is "model.name"."#),
            (#"{"wokers":1}"#, #"has the unknown key "wokers". The nearest known one is "workers"."#),
        ])
    func badFile(text: String, sentence: String) throws {
        let file = try SettingsFile(text)
        let message = message { _ = try Configuration(file: file.path, environment: [:]) }
        #expect(message.hasSuffix(sentence), "\(message)")
        #expect(message.contains(file.path))
    }

    @Test("a value that no setting accepts is refused", arguments: [#"{"workers":1.5}"#, #"{"workers":null}"#, #"{"workers":[1]}"#])
    func badValue(text: String) throws {
        #expect(message { _ = try Configuration.make(file: text) } == "The configuration file gives workers a value that no setting has.")
    }

    @Test("a file that is nested deep, not UTF-8, or missing is refused")
    func hostileFile() throws {
        let deep = String(repeating: #"{"a":"#, count: 300) + "1" + String(repeating: "}", count: 300)
        #expect(message { _ = try Configuration.make(file: deep) }.contains("a.a.a.a.a.a.a.a a value that no setting has"))
        let deepest = String(repeating: "[", count: 100_000)
        #expect(message { _ = try Configuration.make(file: deepest) }.contains("is not JSON"))
        let file = try SettingsFile([0x7b, 0x22, 0xff, 0x22, 0x7d])
        #expect(message { _ = try Configuration(file: file.path, environment: [:]) }.contains("line 1 is not JSON"))
        #expect(
            message { _ = try Configuration(file: "/nonexistent/x", environment: [:]) }
                == "The configuration file /nonexistent/x cannot be read.")
    }

    @Test("every problem is listed, those between settings too")
    func problems() throws {
        let configuration = try Configuration.make([
            "NANOBOT_WORKERS": "x", "NANOBOT_LIMITS_CONNECTIONS": "7", "NANOBOT_UPSTREAM_FALLBACKS": "[]",
        ])
        #expect(
            configuration.problems().map(\.description) == [
                "limits.connections must be a whole number from 8 to 65536; NANOBOT_LIMITS_CONNECTIONS says \"7\".",
                "workers must be a whole number from 1 to 256; NANOBOT_WORKERS says \"x\".",
                "upstream.fallbacks needs upstream.url: the upstream that they stand in for.",
            ])
        // A mistake in one setting does not keep another from being read.
        #expect(try configuration[.durability] == .sync)
    }
}
