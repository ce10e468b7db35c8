import CGI
import Concurrency
import Foundation
import TestSupport
import Testing

@testable import Server

@Suite("Server")
struct ServerTests {
    private struct Unknown: Error, CustomStringConvertible { let description = "a secret path" }

    @Test("a request reaches the endpoint of its path and method")
    func reaches() async {
        let server = Server.make([
            TestEndpoint(),
            TestEndpoint(method: "POST") { context, writer in
                try await writer.send(Response(status: 200, body: try context.body() + Array(context.request.method.utf8)))
            },
        ])
        #expect(await server.ask().body == "test")
        #expect(await server.ask("POST", body: .complete(Array("body ".utf8))).body == "body POST")
    }

    @Test("HEAD, OPTIONS, 404 and 405 come from the table")
    func table() async {
        let server = Server.make([TestEndpoint(), TestEndpoint(method: "DELETE")])
        let head = await server.ask("HEAD")
        #expect(head.head.contains("Content-Length: 4") && head.body.isEmpty)
        let options = await server.ask("OPTIONS")
        #expect(options.head.first == "Status: 204 No Content" && options.head.contains("Allow: GET, HEAD, DELETE, OPTIONS"))
        let wrong = await server.ask("PUT")
        #expect(wrong.head.first == "Status: 405 Method Not Allowed" && wrong.head.contains("Allow: GET, HEAD, DELETE, OPTIONS"))
        #expect(wrong.body.contains(#""code":"method_not_allowed""#))
        for method in ["GET", "OPTIONS", "PUT"] {
            let missing = await server.ask(method, "/v1/other")
            #expect(missing.head.first == "Status: 404 Not Found" && missing.body.contains(#""code":"not_found""#))
        }
    }

    @Test("an error becomes one response; what only the operator should know is logged and not sent")
    func errors() async {
        let lines = Log<String>()
        let api = Server.make([TestEndpoint { _, _ in throw APIError(status: 400, code: "x", message: "m", headers: [("A", "b")]) }])
        let refused = await api.ask()
        #expect(refused.head.first == "Status: 400 Bad Request" && refused.head.contains("A: b"))
        #expect(refused.body == #"{"error":{"message":"m","type":"invalid_request_error","param":null,"code":"x"}}"#)
        let failed = await Server.make([TestEndpoint { _, _ in throw Unknown() }], lines: lines).ask()
        #expect(failed.head.first == "Status: 500 Internal Server Error" && !failed.body.contains("secret"))
        #expect(lines.entries.first?.hasPrefix("error a secret path request=req_") == true)
        let silent = await Server.make([TestEndpoint { _, _ in }]).ask()
        #expect(silent.head.first == "Status: 500 Internal Server Error")
    }

    @Test("work that is of no use without its client ends when the client leaves, although turns go on")
    func leavingClient() async throws {
        let (begun, ended) = (Gate(), Log<String>())
        let output = Output()
        let server = Server.make(
            [
                TestEndpoint { context, _ in
                    try await context.whileClientStays {
                        begun.open()
                        await untilCancelled()
                        ended.append("cancelled")
                    }
                }
            ], configure: { $0.onDisconnect = .finish })
        async let response = server.ask(output: output)
        await begun.pass()
        output.leave()
        _ = await response
        #expect(ended.entries == ["cancelled"])
        let staying = TestEndpoint { context, writer in
            try await writer.send(Response(status: 200, body: Array(try await context.whileClientStays { "done" }.utf8)))
        }
        #expect(await Server.make([staying]).ask().body == "done")
    }

    @Test("a body that is too large, or breaks off, is an error when the endpoint asks for it")
    func bodies() async {
        let server = Server.make(
            [TestEndpoint(method: "POST") { context, writer in try await writer.send(Response(status: 200, body: try context.body())) }],
            configure: { $0.bodyLimit = 7 })
        #expect(await server.ask("POST", body: .tooLarge).body.contains("larger than 7 bytes"))
        #expect(await server.ask("POST", body: .incomplete).body.contains("invalid_json"))
    }

    @Test("every response has the request's id: the client's own, unless it could break a line of a log")
    func requestIDs() async {
        let server = Server.make([TestEndpoint(), TestEndpoint(method: "POST") { _, _ in throw Unknown() }])
        for method in ["GET", "HEAD", "POST", "PUT", "OPTIONS"] {
            let output = await server.ask(method, "/v1/test", ["HTTP_X_REQUEST_ID": "abc-1"])
            #expect(output.head.contains("x-request-id: abc-1"))
        }
        for id in ["", "a b", "a,b", "é", String(repeating: "x", count: 129)] {
            let output = await server.ask("GET", "/v1/test", ["HTTP_X_REQUEST_ID": id])
            #expect(output.head.contains { $0.hasPrefix("x-request-id: req_") })
        }
    }

    @Test("no cache keeps a response, whatever it is: answers, errors, streams, health and refusals")
    func caches() async {
        let server = Server.make([
            TestEndpoint(), TestEndpoint(method: "POST") { _, _ in throw Unknown() },
            TestEndpoint(path: "/stream") { _, writer in
                writer.begin(status: 200, headers: EventStream.headers)
                try await writer.write(EventStream.data([]), isLast: true)
            },
        ])
        let refusing = Server.make([TestEndpoint()], middleware: MiddlewareList.refusing(isMisconfigured: false))
        let requests = [("GET", "/v1/test"), ("HEAD", "/v1/test"), ("POST", "/v1/test"), ("PUT", "/v1/test"), ("OPTIONS", "/v1/test")]
        for (method, path) in requests + [("GET", "/other"), ("GET", "/stream")] {
            for server in [server, refusing] {
                let head = await server.ask(method, path).head
                let control = head.filter { $0.hasPrefix("Cache-Control: ") }
                #expect(control.count == 1 && control.first?.contains("no-store") == true, "\(method) \(path)")
                #expect(head.filter { $0.hasPrefix("Vary: ") } == ["Vary: \(CacheControl.vary)"], "\(method) \(path)")
            }
        }
    }

    @Test("each request is one line of the access log, errors and refusals included")
    func accessLog() async {
        let lines = Log<String>()
        let endpoints: [any Endpoint] = [
            TestEndpoint { context, writer in
                context.record.note(session: "wx:dm:1")
                context.record.note(model: "m", tokens: 7)
                try await writer.send(Response(status: 200))
            }
        ]
        let server = Server.make(endpoints, lines: lines)
        _ = await server.ask("GET", "/v1/test", ["HTTP_X_REQUEST_ID": "1"])
        _ = await server.ask("PUT", "/v1/test", ["HTTP_X_REQUEST_ID": "2"])
        _ = await server.ask("GET", "/secret", ["HTTP_X_REQUEST_ID": "3"])
        let pattern = [
            #/info GET /v1/test model=m ms=\d+ request=1 session=wx:dm:1 status=200 tokens=7 ttfb_ms=\d+/#,
            #/info another method /v1/test ms=\d+ request=2 status=405 ttfb_ms=\d+/#,
            #/info no route ms=\d+ request=3 status=404 ttfb_ms=\d+/#,
        ]
        #expect(lines.entries.count == 3)
        for (line, pattern) in zip(lines.entries, pattern) { #expect(line.wholeMatch(of: pattern) != nil, "\(line)") }
        let hashed = Log<String>()
        _ = await Server.make(endpoints, sessionNames: .hash, lines: hashed).ask()
        #expect(hashed.entries.first?.contains(" session=bd4f4f2f9b9c") == false && hashed.entries.first?.contains("wx:dm") == false)
        #expect(hashed.entries.first?.contains(#/ session=[0-9a-f]{12} /#) == true)
        let none = Log<String>()
        _ = await Server.make(endpoints, sessionNames: .none, lines: none).ask()
        #expect(none.entries.first?.contains("session") == false)
    }

    @Test("a program that cannot serve refuses everything the same way")
    func refusing() async {
        let lines = Log<String>()
        let server = Server.make([TestEndpoint()], middleware: MiddlewareList.refusing(isMisconfigured: false), lines: lines)
        for path in ["/v1/test", "/other"] {
            let output = await server.ask("GET", path, ["HTTP_X_REQUEST_ID": "1"])
            #expect(output.head.first == "Status: 500 Internal Server Error" && output.head.contains("x-request-id: 1"))
            #expect(output.body.contains(#""code":"internal_error""#))
        }
        #expect(lines.entries.count == 2)
        let misconfigured = await Server.make([], middleware: MiddlewareList.refusing(isMisconfigured: true)).ask("GET", "/v1/test")
        #expect(misconfigured.head.first == "Status: 500 Internal Server Error" && misconfigured.body.contains(#""code":"configuration""#))
    }

    @Test("while the data directory is in the web server's document root, only endpoints that allow it answer")
    func documentRoot() async throws {
        let root = FileManager.default.temporaryDirectory.path + "/nanobot-root-\(UUID())"
        defer { try? FileManager.default.removeItem(atPath: root) }
        try FileManager.default.createDirectory(atPath: root + "/data", withIntermediateDirectories: true)
        let lines = Log<String>()
        let server = Server.make(
            [TestEndpoint(), TestEndpoint(path: "/open", answersWhileExposed: true)], guarding: root + "/data", lines: lines)
        #expect(await server.ask("GET", "/v1/test", ["DOCUMENT_ROOT": root]).head.first == "Status: 500 Internal Server Error")
        #expect(lines.entries.first?.hasPrefix("error The data directory \(root)/data is inside") == true)
        #expect(await server.ask("GET", "/open", ["DOCUMENT_ROOT": root]).body == "test")
        // Apache's, for a user's pages or an alias.
        let elsewhere: KeyValuePairs = ["DOCUMENT_ROOT": "/usr", "CONTEXT_DOCUMENT_ROOT": root]
        for _ in 1...2 { #expect(await server.ask("GET", "/v1/test", elsewhere).head.first == "Status: 500 Internal Server Error") }
        for context in ["/usr", "/etc/passwd/", "/nowhere", ""] {
            #expect(await server.ask("GET", "/v1/test", ["DOCUMENT_ROOT": "/usr", "CONTEXT_DOCUMENT_ROOT": context]).body == "test")
        }
        #expect(await server.ask("GET", "/v1/test", ["DOCUMENT_ROOT": root + "/other"]).body == "test")
        #expect(await server.ask().body == "test")
    }

    @Test("the operator's mount point is matched whole")
    func mount() async {
        let server = Server.make([TestEndpoint()], configure: { $0.mount = ["a", "b"] })
        #expect(await server.ask("GET", "/a/b/v1/test").body == "test")
        for path in ["/v1/test", "/a/v1/test", "/x/a/b/v1/test", "/a/b/x/v1/test", "/a/bb/v1/test"] {
            #expect(await server.ask("GET", path).head.first == "Status: 404 Not Found")
        }
    }
}
