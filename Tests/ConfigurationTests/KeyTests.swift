import Configuration
import Foundation
import Testing

@Suite("The table of settings")
struct KeyTests {
    @Test("the table has every declared key once")
    func complete() throws {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Sources/Configuration/Keys.swift"
        let text = try String(contentsOfFile: source, encoding: .utf8)
        let declared = text.matches(of: /package static var \w+: Key</).count
        #expect(declared == Configuration.keys.count)
        #expect(Set(Configuration.keys.map(\.name)).count == declared)
        #expect(Set(Configuration.keys.map(\.environmentVariable)).count == declared)
    }

    @Test(
        "an environment variable is derived from the key",
        arguments: [
            ("dataDir", "NANOBOT_DATA_DIR"), ("limits.connections", "NANOBOT_LIMITS_CONNECTIONS"),
            ("upstream.connectTimeout", "NANOBOT_UPSTREAM_CONNECT_TIMEOUT"),
            ("storage.allowInDocumentRoot", "NANOBOT_STORAGE_ALLOW_IN_DOCUMENT_ROOT"), ("mount", "NANOBOT_MOUNT"),
        ])
    func variable(name: String, variable: String) throws {
        #expect(try #require(Configuration.key(name)).environmentVariable == variable)
    }

    @Test("the defaults are accepted")
    func defaults() throws {
        let configuration = try Configuration.make()
        #expect(configuration.problems() == [])
        try configuration.validate()
        #expect(try configuration[.dataDirectory] == "/nonexistent/.nanobot/data")
        #expect(try configuration[.modelName] == "nanobot")
        #expect(try configuration[.connections] == nil)
        #expect(try configuration[.onDisconnect] == .finish)
        #expect(try configuration[.sessionMaxBytes] == nil)
        #expect(try configuration[.models] == nil)
        #expect(try configuration[.mount] == nil)
        for key in Configuration.keys { #expect(configuration.source(of: key) == .default) }
        // As if they were written down: what is not set is not checked again.
        let written = Configuration.keys.compactMap { key in key.fallback.map { (key.environmentVariable, $0) } }
        let environment = Dictionary(uniqueKeysWithValues: written.filter { !$0.1.hasPrefix("$HOME") })
        #expect(environment.count > 20)
        #expect(try Configuration.make(environment).problems() == [])
    }

    /// For each setting a text that is none of its values, and what the error says of it.
    private static let mistakes: [(name: String, text: String, expectation: String)] = [
        ("dataDir", "", "a directory; set HOME, or give --data-dir"), ("model.name", "", "a name"),
        ("models", "[", "JSON: it ends in the middle of line 1"), ("requireModel", "yes", "true or false"),
        ("upstream.url", "ftp://a", "a URL such as https://api.openai.com/v1 or http://unix:/run/model.sock:/v1"),
        ("upstream.api", "response", "chat or responses"), ("upstream.key", "two words", "one word of visible ASCII characters"),
        ("upstream.timeout", "0", "a whole number from 1 to 86400"), ("upstream.connectTimeout", "86401", "a whole number from 1 to 86400"),
        ("upstream.retries", "11", "a whole number from 0 to 10"), ("upstream.fallbacks", "{}", "a JSON array"),
        ("upstream.names", "no", "true or false"), ("upstream.passUnknown", "yes", "true or false"),
        ("upstream.allowRemoteImages", "1", "true or false"), ("stream", "TRUE", "true or false"),
        ("onDisconnect", "stop", "finish or cancel"), ("heartbeat.after", "0", "a whole number from 1 to 86400"),
        ("history.mode", "client", "server or mirror"), ("guard.taskHeader", "x task", "the name of a header"),
        ("history.maxTurns", "0", "a whole number from 1 to 100000"), ("history.maxTokens", "1e3", "a whole number from 1 to 10000000"),
        ("history.summarize", "", "true or false"), ("durability", "maybe", "sync or relaxed"),
        ("session.busyTimeout", "-1", "a whole number from 0 to 86400"),
        ("session.maxBytes", "4095", "a whole number from 4096 to 1099511627776"), ("session.fromPath", "1", "true or false"),
        ("responses.keepDays", "0", "a whole number from 1 to 36500"),
        ("retention.days", "", "a whole number from 1 to 36500"),
        ("storage.minFreeBytes", "99999999999999999999", "a whole number from 0 to 1125899906842624"),
        ("storage.allowInDocumentRoot", "no", "true or false"),
        ("storage.cluster", "two words", "the id that nanobot cluster init prints"),
        ("mount", "chat", "a path such as /chat, without ?, # and .."),
        ("auth.keysFile", "keys.json", "an absolute path"), ("log.file", "nanobot.log", "an absolute path"),
        ("auth.keys", "{}", "an array"), ("auth.required", "1", "true or false"),
        ("model.price", "[", "JSON: it ends in the middle of line 1"), ("usage.record", "some", "keys or all or none"),
        (
            "cors.origins", "https://a.example, https://b.example",
            "origins such as https://app.example:8443, without a path or a slash at the end, and no *"
        ),
        ("limits.bodyBytes", "1023", "a whole number from 1024 to 1073741824"),
        ("limits.connections", "7", "a whole number from 8 to 65536"), ("workers", "257", "a whole number from 1 to 256"),
        ("log.level", "loud", "a level such as info or debug"), ("log.format", "xml", "text or json"),
        ("log.sessions", "key", "full or hash or none"),
    ]

    @Test("a wrong value is one problem, which says what it must be and where it came from", arguments: mistakes)
    func mistake(name: String, text: String, expectation: String) throws {
        let key = try #require(Configuration.key(name))
        // Fallbacks alone would be another problem.
        var environment = [key.environmentVariable: text]
        if name == "upstream.fallbacks" { environment["NANOBOT_UPSTREAM_URL"] = "http://a" }
        let configuration = try Configuration.make(environment)
        let quote = [.plain, .list].contains(key.form) ? "; \(key.environmentVariable) says \"\(text)\"" : ""
        let sentence = "\(name) must be \(expectation)\(quote)."
        #expect(configuration.problems().map(\.description) == [sentence])
        #expect(message { try configuration.validate() } == sentence)
    }

    @Test("every setting with a rule has a wrong value among these tests")
    func everyKey() {
        let free = ["model.system", "upstream.model"]
        #expect(Configuration.keys.map(\.name).filter { name in !Self.mistakes.contains { $0.name == name } } == free)
    }

    @Test(
        "an empty text for an optional setting counts as none",
        arguments: ["model.system", "models", "upstream.url", "upstream.key", "upstream.model", "upstream.fallbacks", "guard.taskHeader"])
    func empty(name: String) throws {
        let configuration = try Configuration.make([try #require(Configuration.key(name)).environmentVariable: ""])
        #expect(configuration.problems() == [])
        #expect(try configuration.upstreams() == [])
        #expect(try configuration[.systemPrompt] == nil && configuration[.models] == nil && configuration[.upstreamKey] == nil)
    }

    @Test(
        "a mount is a path without a slash at its end, and empty for the root",
        arguments: [("/chat", "/chat"), ("/a/b/", "/a/b"), ("/", ""), ("", ""), ("//", ""), ("/你好", "/你好"), ("/a.b", "/a.b")])
    func mount(text: String, path: String) throws {
        #expect(try Configuration.make(["NANOBOT_MOUNT": text])[.mount] == path)
    }

    @Test(
        "a mount that is no path is refused",
        arguments: ["chat", "chat/", "/a?b", "/a#b", "/..", "/a/../b", "/a//b", "/./a", "/a\nb", "https://a/b"])
    func badMount(text: String) throws {
        #expect(try Configuration.make(["NANOBOT_MOUNT": text]).problems().count == 1)
    }
}
