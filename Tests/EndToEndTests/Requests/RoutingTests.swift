import Testing

@Suite("Paths, methods and headers", .sharedServers)
struct RoutingTests {
    @Test(
        "models are found with and without v1, and with a trailing slash", arguments: Server.Kind.allCases,
        [
            "/v1/models", "/models", "/v1/models/", "/models/", "//v1//models", "/v1/%6dodels", "/x/../v1/models", "/v1/models?-h",
            "/v1/models?sessions+delete",
        ])
    func models(kind: Server.Kind, path: String) async throws {
        let response = try await Server.shared(kind).send("GET", path)
        #expect(response.status == 200)
        #expect(response.json["data"][0]["id"] == .string("nanobot"))
        #expect(response.headers["x-request-id"]?.isEmpty == false)
    }

    @Test(
        "chats are found with and without v1, and with a trailing slash", arguments: Server.Kind.allCases,
        [
            "/v1/chat/completions", "/chat/completions", "/v1/chat/completions/", "/v1/chat/completions?-h",
            "/v1/chat/completions?sessions+delete",
        ])
    func chats(kind: Server.Kind, path: String) async throws {
        let response = try await Server.shared(kind).send("POST", path, headers: ["x-session-key: routing"], body: Server.body("Hello"))
        #expect(response.status == 200)
        #expect(!response.answer.isEmpty)
    }

    @Test("a known model has a path of its own, an unknown one is not found", arguments: Server.Kind.allCases)
    func model(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        let model = try await server.send("GET", "/v1/models/nanobot")
        #expect(model.json?.keys == ["id", "object", "created", "owned_by"])
        for id in ["gpt-4o", "openai/gpt-4o"] {
            expectError(try await server.send("GET", "/v1/models/" + id), 404, "model_not_found", param: "model")
        }
    }

    @Test(
        "an unknown path is not found, whatever the method", arguments: Server.Kind.allCases,
        [
            ("GET", "/"), ("GET", "/v1"), ("GET", "/v1/nothing"), ("POST", "/v1/completions"), ("DELETE", "/v1/chat"),
            ("PUT", "/healthy"), ("GET", "/?-h"), ("GET", "/?sessions+delete"), ("GET", "/anything/health"), ("GET", "/x/v1/session"),
            ("POST", "/api/v1/chat/completions"), ("GET", "/cgi-bin/nanobot.cgi/v1/models"),
        ])
    func unknownPath(kind: Server.Kind, request: (method: String, path: String)) async throws {
        let body = request.method == "POST" ? Server.body("Hello") : nil
        expectError(try await Server.shared(kind).send(request.method, request.path, body: body), 404, "not_found")
    }

    @Test("a method that a path does not accept is refused with the list of those it does", arguments: Server.Kind.allCases)
    func methodNotAllowed(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        for method in ["PUT", "DELETE", "PATCH"] {
            let response = try await server.send(method, Server.chatPath)
            expectError(response, 405, "method_not_allowed")
            #expect(response.headers["allow"] == "POST, GET, HEAD, OPTIONS")
        }
        for (method, path) in [("POST", "/v1/models"), ("PUT", "/health"), ("DELETE", "/v1/models/nanobot"), ("PATCH", "/health")] {
            let response = try await server.send(method, path, body: method == "POST" ? Server.body("Hello") : nil)
            expectError(response, 405, "method_not_allowed")
            #expect(response.headers["allow"] == "GET, HEAD, OPTIONS")
        }
        #expect(try await server.send("GET", "/health").status == 200)
    }

    @Test("an unknown method is refused behind nginx")
    func unknownMethod() async throws {
        let response = try await Server.shared(.nginx).send("BREW", "/health")
        expectError(response, 405, "method_not_allowed")
        #expect(response.headers["allow"] == "GET, HEAD, OPTIONS")
    }

    @Test("OPTIONS lists a path's methods without a body", arguments: Server.Kind.allCases)
    func options(kind: Server.Kind) async throws {
        for (path, methods) in [(Server.chatPath, "POST, GET, HEAD, OPTIONS"), ("/health", "GET, HEAD, OPTIONS")] {
            let response = try await Server.shared(kind).send("OPTIONS", path)
            #expect(response.status == 204)
            #expect(response.headers["allow"] == methods)
            #expect(response.headers["x-request-id"]?.isEmpty == false)
            #expect(response.body.isEmpty)
        }
    }

    @Test("HEAD has GET's headers and no body", arguments: Server.Kind.allCases, ["/health", "/v1/models", "/v1/models/nanobot"])
    func head(kind: Server.Kind, path: String) async throws {
        let server = try Server.shared(kind)
        let (get, head) = (try await server.send("GET", path), try await server.send("HEAD", path))
        #expect(head.status == 200)
        #expect(head.body.isEmpty)
        #expect(head.headers["content-length"] == "\(get.body.count)")
        #expect(head.headers["content-type"] == "application/json")
        #expect(head.headers["x-request-id"]?.isEmpty == false)
    }

    @Test("a client's request id is returned, unless it could break a log line", arguments: Server.Kind.allCases)
    func requestID(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        #expect(try await server.send("GET", "/health", headers: ["x-request-id: abc-123"]).headers["x-request-id"] == "abc-123")
        let replaced = try await server.send("GET", "/health", headers: ["x-request-id: a b"])
        #expect(replaced.headers["x-request-id"]?.hasPrefix("req_") == true)
        let ids = [try await server.send("GET", "/health"), try await server.send("GET", "/health")].map { $0.headers["x-request-id"] }
        #expect(ids[0] != ids[1])
    }

    @Test("a Proxy header changes nothing (CVE-2016-5385)", arguments: Server.Kind.allCases)
    func proxy(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        #expect(try await server.send("GET", "/health", headers: ["Proxy: http://127.0.0.1:1"]).status == 200)
        let headers = ["Proxy: http://127.0.0.1:1", "x-session-key: proxy"]
        #expect(try await server.send("POST", Server.chatPath, headers: headers, body: Server.body("Hello")).status == 200)
    }
}
