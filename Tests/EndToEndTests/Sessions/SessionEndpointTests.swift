import Foundation
import Testing

@Suite("Sessions through a web server", .sharedServers)
struct SessionEndpointTests {
    private func call(
        _ kind: Server.Kind, _ method: String, _ path: String, _ session: String, body: String? = nil
    ) async throws -> HTTPResponse {
        try await Server.shared(kind).send(
            method, path, headers: ["x-session-key: \(session)"], body: (body ?? (method == "POST" ? "" : nil)).map { Array($0.utf8) })
    }

    private func questions(_ response: HTTPResponse) -> [String] {
        (response.json["messages"]?.elements ?? []).filter { $0["role"]?.text == "user" }.compactMap { $0["content"]?.text }
    }

    @Test("a session has turns and pages, is undone, forked and deleted", arguments: Server.Kind.allCases)
    func life(kind: Server.Kind) async throws {
        let key = "wx:dm:life 你好"
        for text in ["one", "two", "three"] { #expect(try await Server.shared(kind).chat(text, session: key).status == 200) }

        let page = try await call(kind, "GET", "/v1/session?limit=4", key)
        #expect(page.status == 200)
        #expect(
            page.json?.keys == ["object", "key", "created_at", "updated_at", "turns", "usage", "messages", "has_more", "before"])
        #expect(page.json["object"] == .string("session") && page.json["key"] == .string(key) && page.json["turns"] == .number(3))
        #expect(questions(page) == ["two", "three"])
        #expect(page.json["messages"][3]?.keys == ["role", "content", "turn", "at"])
        #expect(page.json["has_more"] == .bool(true))
        let before = try #require(page.json["before"]?.text)
        let rest = try await call(kind, "GET", "/v1/session?before=\(before)&limit=%34", key)
        #expect(questions(rest) == ["one"])
        #expect(rest.json["has_more"] == .bool(false) && rest.json["before"] == .null)

        let undone = try await call(kind, "POST", "/v1/session/undo", key)
        #expect(undone.status == 200)
        #expect(undone.json?.keys == ["object", "id", "at", "messages", "turns"])
        #expect(undone.json["messages"][0]["content"] == .string("three") && undone.json["turns"] == .number(2))

        let fork = try await call(kind, "POST", "/v1/session/fork", key, body: #"{"to":"fork of life"}"#)
        #expect(fork.status == 200)
        #expect(fork.json?.keys == ["object", "key", "created_at", "updated_at", "turns", "usage"])
        #expect(fork.json["key"] == .string("fork of life") && fork.json["turns"] == .number(2))
        for target in ["fork of life", key] {
            expectError(
                try await call(kind, "POST", "/v1/session/fork", key, body: #"{"to":"\#(target)"}"#), 409, "session_exists", param: "to")
        }

        let deleted = try await call(kind, "DELETE", "/v1/session", key)
        #expect(deleted.json == .object(["object": .string("session.deleted"), "key": .string(key), "deleted": .bool(true)]))
        expectError(try await call(kind, "GET", "/v1/session", key), 404, "session_not_found")
        #expect(questions(try await call(kind, "GET", "/v1/session", "fork of life")) == ["one", "two"])
    }

    @Test("an export has its type, its name and the session", arguments: Server.Kind.allCases)
    func export(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        for text in ["one", "## two"] { #expect(try await server.chat(text, session: "wx:export").status == 200) }
        let file = try server.bytes(ofSession: "wx%3Aexport")
        for (query, type, name) in [
            ("", "application/json", "session-wx_export.json"), ("?format=jsonl", "application/jsonl", "session-wx_export.jsonl"),
            ("?format=markdown", "text/markdown; charset=utf-8", "session-wx_export.md"),
        ] {
            let response = try await call(kind, "GET", "/v1/session/export" + query, "wx:export")
            #expect(response.status == 200)
            #expect(response.headers["content-type"] == type)
            #expect(response.headers["content-disposition"] == "attachment; filename=\"\(name)\"")
            #expect(response.headers["x-request-id"]?.isEmpty == false)
            let lines = String(decoding: response.body, as: UTF8.self).components(separatedBy: "\n")
            switch query {
            case "": #expect(response.body == file)
            case "?format=jsonl":
                #expect(lines.count == 4 && lines[3] == "")
                #expect(
                    try lines.prefix(3).map { try JSON(Array($0.utf8)) }.dropFirst().map { $0["messages"][0]["content"]?.text } == [
                        "one", "## two",
                    ])
            default: #expect(lines.filter { $0.hasPrefix("## user") }.count == 2 && lines.contains("> ## two"))
            }
            let head = try await call(kind, "HEAD", "/v1/session/export" + query, "wx:export")
            #expect(head.status == 200 && head.body.isEmpty)
            #expect(head.headers["content-length"] == "\(response.body.count)" && head.headers["content-type"] == type)
        }
        expectError(try await call(kind, "GET", "/v1/session/export?format=html", "wx:export"), 400, "invalid_value", param: "format")
    }

    @Test("an export of many megabytes arrives whole", arguments: Server.Kind.allCases)
    func largeExport(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        let text = String(repeating: "word ", count: 150_000)
        for _ in 0..<8 { #expect(try await server.chat(text, session: "large").status == 200) }
        let response = try await call(kind, "GET", "/v1/session/export", "large")
        #expect(response.body.count > 6_000_000)
        #expect(response.body == (try server.bytes(ofSession: "large")))
    }

    @Test(
        "session paths work with and without v1, and with a trailing slash", arguments: Server.Kind.allCases,
        ["/v1", ""])
    func paths(kind: Server.Kind, prefix: String) async throws {
        let key = "paths \(prefix)"
        for text in ["one", "two"] { #expect(try await Server.shared(kind).chat(text, session: key).status == 200) }
        for slash in ["", "/"] {
            #expect(try await call(kind, "GET", prefix + "/session" + slash, key).status == 200)
            #expect(try await call(kind, "GET", prefix + "/session/export" + slash, key).status == 200)
            let target = #"{"to":"\#(key)\#(slash) fork"}"#
            #expect(try await call(kind, "POST", prefix + "/session/fork" + slash, key, body: target).status == 200)
            #expect(try await call(kind, "POST", prefix + "/session/undo" + slash, key).status == 200)
            expectError(try await call(kind, "GET", prefix + "/sessions" + slash, key), 403, "session_not_allowed")
        }
        #expect(try await call(kind, "DELETE", prefix + "/session/", key).status == 200)
    }

    @Test("a method that a path does not accept is refused with the list of those it does", arguments: Server.Kind.allCases)
    func methods(kind: Server.Kind) async throws {
        for (path, methods) in [
            ("/v1/session", "GET, HEAD, DELETE, OPTIONS"), ("/v1/session/export", "GET, HEAD, OPTIONS"),
            ("/v1/session/undo", "POST, OPTIONS"), ("/v1/session/fork", "POST, OPTIONS"), ("/v1/sessions", "GET, HEAD, OPTIONS"),
        ] {
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] where !methods.contains(method) {
                let response = try await call(kind, method, path, "methods")
                expectError(response, 405, "method_not_allowed")
                #expect(response.headers["allow"] == methods)
            }
            let options = try await call(kind, "OPTIONS", path, "methods")
            #expect(options.status == 204 && options.headers["allow"] == methods && options.body.isEmpty)
        }
    }

    @Test("HEAD has the length of GET's answer and no body", arguments: Server.Kind.allCases)
    func head(kind: Server.Kind) async throws {
        #expect(try await Server.shared(kind).chat("Hello", session: "head").status == 200)
        let (get, head) = (try await call(kind, "GET", "/v1/session", "head"), try await call(kind, "HEAD", "/v1/session", "head"))
        #expect(head.status == 200 && head.body.isEmpty)
        #expect(head.headers["content-length"] == "\(get.body.count)")
        let missing = try await call(kind, "HEAD", "/v1/session", "never")
        #expect(missing.status == 404 && missing.body.isEmpty)
    }

    @Test("every session call needs a valid key and an existing session", arguments: Server.Kind.allCases)
    func keys(kind: Server.Kind) async throws {
        for (method, path) in [
            ("GET", "/v1/session"), ("DELETE", "/v1/session"), ("GET", "/v1/session/export"), ("POST", "/v1/session/undo"),
            ("POST", "/v1/session/fork"),
        ] {
            let body = method == "POST" ? Array(#"{"to":"keys fork"}"#.utf8) : nil
            expectError(try await Server.shared(kind).send(method, path, body: body), 400, "missing_session_key")
            let long = ["x-session-key: " + String(repeating: "k", count: 513)]
            expectError(try await Server.shared(kind).send(method, path, headers: long, body: body), 400, "invalid_session_key")
            let unknown = ["x-session-key: never"]
            expectError(try await Server.shared(kind).send(method, path, headers: unknown, body: body), 404, "session_not_found")
        }
    }

    @Test(
        "a bad query parameter is refused and named", arguments: Server.Kind.allCases,
        [
            ("?limit=0", "limit"), ("?limit=1001", "limit"), ("?limit=", "limit"), ("?limit=ten", "limit"), ("?limit=1+0", "limit"),
            ("?before=turn-never", "before"), ("?before=%E4%BD%A0", "before"),
        ])
    func parameters(kind: Server.Kind, query: (text: String, param: String)) async throws {
        #expect(try await Server.shared(kind).chat("Hello", session: "parameters").status == 200)
        expectError(try await call(kind, "GET", "/v1/session" + query.text, "parameters"), 400, "invalid_value", param: query.param)
    }

    @Test("a fork's body is checked", arguments: Server.Kind.allCases)
    func forkBody(kind: Server.Kind) async throws {
        #expect(try await Server.shared(kind).chat("Hello", session: "fork body").status == 200)
        for (body, status, code, param) in [
            ("", 400, "invalid_json", nil), ("{", 400, "invalid_json", nil), ("[]", 400, "invalid_json", nil),
            ("{}", 400, "invalid_value", "to"), (#"{"to":5}"#, 400, "invalid_value", "to"),
            (#"{"to":" "}"#, 400, "invalid_session_key", "to"), (#"{"to":"a\nb"}"#, 400, "invalid_session_key", "to"),
            (#"{"to":"\#(String(repeating: "k", count: 513))"}"#, 400, "invalid_session_key", "to"),
            (#"{"to":"\#(String(repeating: "k", count: 1_100_000))"}"#, 413, "request_too_large", nil),
        ] as [(String, Int, String, String?)] {
            expectError(try await call(kind, "POST", "/v1/session/fork", "fork body", body: body), status, code, param: param)
        }
    }
}
