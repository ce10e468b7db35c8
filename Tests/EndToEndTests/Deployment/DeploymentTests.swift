import Foundation
import Glibc
import Harness
import Testing

@Suite("Every way from a web server to the program")
struct DeploymentTests {
    @Test("the eight calls, the errors, the methods and the headers work", arguments: Deployment.Way.allCases)
    func calls(way: Deployment.Way) async throws {
        try await Deployment.run(way) { server in
            try await expectEightCalls(server)
            try await expectErrors(server)
            try await expectMethods(server)
            try await expectBodies(server, way)
            try await expectHeaders(server)
            #expect(try Server.mode(server.dataDirectory + "/sessions") == 0o700)
            #expect(try Server.mode(server.dataDirectory + "/sessions/large.json") == 0o600)
        }
    }

    @Test("below a mount point, and only there, paths are found exactly", arguments: mounted)
    func mountPoints(way: Deployment.Way, mount: String) async throws {
        try await Deployment.run(way, mount: mount) { server in
            for path in ["/v1/models", "/models/", "/v1/models/nanobot", "/health"] {
                let found = try await server.send("GET", path)
                #expect(found.status == 200, "\(path)")
            }
            let chat = try await server.send(
                "POST", Server.chatPath, headers: ["x-session-key: mounted"], body: Server.body("Hello"))
            #expect(chat.status == 200)
            for path in ["/anything/health", "/x/v1/session", "/x%0A/health", "/v1/x/models", "/chat/v1/models"] {
                let lost = try await server.send("GET", path, headers: ["x-session-key: mounted"])
                // lighttpd refuses a line feed itself.
                #expect(lost.status == 404 || way.isLighttpd && path.contains("%0A") && lost.status == 400, "\(path)")
            }
        }
    }

    @Test("the rule in the README covers every spelling of a path that the program answers, and no chat", arguments: mounted)
    func rules(way: Deployment.Way, mount: String) async throws {
        var spellings: [String] = []
        for path in ["/v1/session", "/session", "/v1/session/export", "/v1/sessions"] {
            spellings += ["", "/", "//", "/.", "%2F", "%0A"].map { path + $0 }
            spellings += ["/", "/x", "/x/.."].map { $0 + path }
            spellings += ["//se", "/%73e"].map { path.replacing("/se", with: $0) }
            spellings.append(path.replacing("v1/", with: "v1%2F"))
            spellings += ["/s/k", "/s/a%2Fb", "/s/a%2F..%2Fb", "/%73/k", "//s//k", "/s/s"].map { $0 + path }
        }
        let rule = try way.sessionRule(mount: way.isCGI ? "/cgi-bin/nanobot.cgi" : mount)
        var answered: Set<String> = []
        let settings = #"{"session":{"fromPath":true}}"#
        try await Deployment.run(way, settings: settings, mount: mount) { server in
            // Without a session key, of which nginx would count the requests: where there is an endpoint, that is an error.
            for path in spellings {
                let response = try await server.send("GET", path)
                let isLost = response.status == 404 && response.json["error"]["code"] != .string("session_not_found")
                if response.headers["x-request-id"] != nil, !isLost { answered.insert(path) }
            }
            #expect(answered.isSuperset(of: ["/v1/session", "/session/", "/v1/session/export", "/s/k/v1/session", "/s/a%2Fb/session"]))
        }
        try await Deployment.run(way, settings: settings, mount: mount, rule: rule) { server in
            for path in spellings {
                let response = try await server.send("GET", path)
                let isRefused = response.headers["x-request-id"] == nil && [400, 403].contains(response.status)
                #expect(isRefused || !answered.contains(path), "\(path)")
            }
            #expect(try await server.chat("Hello", session: "a").status == 200)
        }
    }

    @Test("headers that are too long are refused as such", arguments: Deployment.Way.allCases.filter { !$0.isCGI })
    func longHead(way: Deployment.Way) async throws {
        try await Deployment.run(way) { server in
            let head = ["x-session-key: a"] + (1...18).map { "x-\($0): " + String(repeating: "v", count: 4_000) }
            let response = try await server.send("GET", "/v1/session", headers: head)
            switch way {
            // The web server's own errors: mod_fcgid passes on at most 64 KB.
            case .apacheFcgid: #expect(response.status == 500)
            case .lighttpd, .lighttpdSpawn: #expect(response.status == 431)
            default: expectError(response, 431, "headers_too_large")
            }
            #expect(try await server.send("GET", "/health").status == 200)
        }
    }

    /// Each way at the root, or where the web server runs programs; and where the web server can have it elsewhere, as the files' comments say.
    private static let mounted =
        Deployment.Way.allCases.map { ($0, "") } + Deployment.Way.allCases.filter { !$0.isCGI }.map { ($0, "/chat") }

    @Test("concurrent turns of one session are stored one by one, whichever process runs them", arguments: Deployment.Way.allCases)
    func oneSession(way: Deployment.Way) async throws {
        try await Deployment.run(way) { server in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...16 { group.addTask { try await server.chat("I am number \(number)", session: "one").status } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses == [Int](repeating: 200, count: 16))
            let turns = try server.session("one")["turns"]?.elements ?? []
            #expect(Set(turns.compactMap { $0["messages"][0]["content"]?.text }) == Set((1...16).map { "I am number \($0)" }))
            #expect(turns.count == 16)
            let count = try await server.chat("How many messages have I sent?", session: "one")
            #expect(count.answer.contains("16"))
        }
    }

    @Test("the client has a token before the model makes the next one", arguments: Deployment.Way.allCases)
    func stream(way: Deployment.Way) async throws {
        try await withFirstToken(way) { server, client, upstream in
            #expect(try !client.has(#""two""#))
            upstream.release()
            let ends = try await client.ends()
            #expect(ends && client.text.contains(#""content":"two""#) && client.text.contains("data: [DONE]"))
            #expect(try server.session("a")["turns"]?.elements.count == 1)
        }
    }

    @Test(
        "a client that leaves a CGI process loses no answered turn",
        arguments: Deployment.Way.allCases.filter(\.isCGI))
    func leaves(way: Deployment.Way) async throws {
        try await withFirstToken(way) { server, client, upstream in
            client.close()
            upstream.release()
            // The web server may have ended the process, or let it end.
            let second = try await server.chat("Hello", session: "a")
            #expect(second.status == 200)
            let turns = try server.session("a")["turns"]?.elements ?? []
            #expect(1...2 ~= turns.count && turns.allSatisfy { $0["messages"][1]["content"] == .string("one two") })
        }
    }

    // nginx says what its `root` is; behind lighttpd's alias nobody says it.
    @Test(
        "data in the web server's document root is refused, unless the operator allows it",
        arguments: [Deployment.Way.lighttpd, .lighttpdSpawn, .apache, .apacheFcgid, .apacheCGI, .apachePrefork, .caddy])
    func exposed(way: Deployment.Way) async throws {
        let data = #""dataDir":"/var/www/html/data""#
        let rule = way == .caddy ? "root * /var/www/html" : ""
        try await Deployment.run(way, settings: "{\(data)}", rule: rule) { server in
            expectError(try await server.chat("Hello", session: "a"), 500, "internal_error")
            #expect(!FileManager.default.fileExists(atPath: server.home.path + "/www/html/data/sessions/a.json"))
        }
        try await Deployment.run(way, settings: #"{\#(data),"storage":{"allowInDocumentRoot":true}}"#, rule: rule) { server in
            let allowed = try await server.chat("Hello", session: "a")
            #expect(allowed.status == 200)
        }
    }

    @Test("nginx refuses a session or an API key that asks too fast, and no other", arguments: [true, false])
    func rateLimit(bySession: Bool) async throws {
        let header = bySession ? "x-session-key: " : "Authorization: Bearer "
        try await Deployment.run(.nginx) { server in
            // On one connection, since hundreds of curl's do not come within a second.
            let request = "GET /health HTTP/1.1\r\nHost: x\r\n\(header)fast\r\n"
            let requests = String(repeating: request + "\r\n", count: 900) + request + "Connection: close\r\n\r\n"
            let answers = String(decoding: try await RawClient.exchange(Array(requests.utf8), port: server.port), as: UTF8.self)
            let count = answers.components(separatedBy: "HTTP/1.1 429 ").count - 1
            #expect(count > 0 && answers.components(separatedBy: "HTTP/1.1 200 ").count > 20)
            let refused = try #require(answers.range(of: "HTTP/1.1 429 ")).lowerBound
            let length = try #require(answers[refused...].range(of: "}}")).upperBound
            let response = try HTTPResponse(Array(answers[refused..<length].utf8))
            expectError(response, 429, "rate_limit_exceeded")
            #expect(response.headers["retry-after"] == "1")
            let other = try await server.send("GET", "/health", headers: [header + "slow"])
            #expect(other.status == 200)
            let none = try await server.send("GET", "/health")
            #expect(none.status == 200)
        }
    }

    /// Runs `body` when a client has the first of two tokens, and the model waits with the second.
    private func withFirstToken(
        _ way: Deployment.Way, _ body: (Server, StreamClient, HeldUpstream) async throws -> Void
    ) async throws {
        let upstream = try HeldUpstream()
        let settings = #"{"stream":true,"upstream":{"url":"http://127.0.0.1:\#(upstream.port)/v1","model":"held"}}"#
        try await Deployment.run(way, settings: settings) { server in
            let client = try StreamClient(port: server.port, mount: server.mount, session: "a")
            let first = try await client.gets(#""content":"one ""#)
            #expect(first, "\(client.text)")
            try await body(server, client, upstream)
        }
    }

    private func expectErrors(_ server: Server) async throws {
        expectError(try await server.post("not JSON".utf8, session: "errors"), 400, "invalid_json")
        expectError(try await server.post("{}".utf8, session: "errors"), 400, "invalid_messages", param: "messages")
        expectError(try await server.chat("Hello", session: String(repeating: "k", count: 513)), 400, "invalid_session_key")
        expectError(try await server.send("GET", "/v1/nothing"), 404, "not_found")
        expectError(try await server.send("GET", "/v1/models/other"), 404, "model_not_found", param: "model")
        expectError(try await server.send("GET", "/v1/session", headers: ["x-session-key: errors"]), 404, "session_not_found")
        let refused = try await server.send("PUT", "/health")
        expectError(refused, 405, "method_not_allowed")
        #expect(refused.headers["allow"] == "GET, HEAD, OPTIONS")
        let tooLarge = Server.body(String(repeating: "x", count: 2_000_000))
        expectError(try await server.post(tooLarge, session: "errors"), 413, "request_too_large")
        // Over CGI this could be a command (RFC 3875, section 4.4).
        let query = try await server.send("GET", "/v1/models?sessions+delete+--all+--yes")
        #expect(query.status == 200)
    }

    private func expectMethods(_ server: Server) async throws {
        let (get, head) = (try await server.send("GET", "/v1/models/nanobot"), try await server.send("HEAD", "/v1/models/nanobot"))
        #expect(head.status == 200 && head.body.isEmpty && head.headers["content-type"] == "application/json")
        #expect(head.headers["content-length"] == "\(get.body.count)")
        let options = try await server.send("OPTIONS", Server.chatPath)
        #expect(options.status == 204 && options.body.isEmpty && options.headers["allow"] == "POST, GET, HEAD, OPTIONS")
        let deleted = try await server.send("DELETE", "/v1/session", headers: ["x-session-key: wx:dm:user_bob"])
        #expect(deleted.json["deleted"] == .bool(true))
    }

    private func expectBodies(_ server: Server, _ way: Deployment.Way) async throws {
        let length = (1 << 20) - Server.body("").count
        let large = try await server.chat(String(repeating: "x", count: length), session: "large")
        #expect(large.status == 200)
        let chunked = try await server.chat("In chunks", session: "chunked", headers: ["Transfer-Encoding: chunked"])
        #expect(chunked.status == 200)
        #expect(try server.session("chunked")["turns"][0]["messages"][0]["content"] == .string("In chunks"))
        // No body, and no length of one, which lighttpd takes for an error of its own.
        let bodyless = try await server.send("POST", Server.chatPath, headers: ["x-session-key: none", "Content-Length:"])
        if way.isLighttpd { #expect(bodyless.status == 411) } else { expectError(bodyless, 400, "invalid_json") }
    }

    /// Two sessions never see each other, however their key is written down.
    private func expectHeaders(_ server: Server) async throws {
        let proxied = try await server.chat("Hello", session: "proxy", headers: ["Proxy: http://127.0.0.1:1"])
        #expect(proxied.status == 200)
        let twice = try await server.chat("Twice", session: "first", headers: ["x-session-key: second"])
        // lighttpd, Apache and Caddy pass on one value, and nginx both.
        #expect([200, 400].contains(twice.status))
        let underscore = try await server.chat("Underscore", session: "third", headers: ["x_session_key: fourth"])
        #expect([200, 400].contains(underscore.status))
        let files = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions")
        #expect(Set(files).isDisjoint(with: ["first.json", "second.json", "fourth.json"]))
        // A header on two lines (RFC 9112, section 5.2) is one value, or refused.
        let folded = Array("x-session-key: folded\r\n and more".utf8)
        let answer = try await RawClient.chat(headers: folded, mount: server.mount, port: server.port)
        #expect([200, 400].contains(answer.status))
        #expect(!FileManager.default.fileExists(atPath: server.dataDirectory + "/sessions/folded.json"))
        // No header is a setting.
        let setting = try await server.chat(
            "Hello", session: "setting", headers: ["NANOBOT-DATA-DIR: /tmp/other", "NANOBOT_DATA_DIR: /tmp/other"])
        #expect(setting.status == 200)
        #expect(try server.session("setting")["turns"]?.elements.count == 1)
        let utf8 = try await server.chat("你好", session: "wx:dm:微信")
        #expect(utf8.status == 200)
        #expect(try server.session("wx%3Adm%3A%E5%BE%AE%E4%BF%A1")["turns"]?.elements.count == 1)
    }
}
