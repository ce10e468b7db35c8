import Testing

@Suite("Errors of nginx itself", .sharedServers)
struct WebServerErrorTests {
    @Test(
        "a request line that nginx refuses gets an error in the API's form",
        arguments: [
            ("get", "/health"), ("GET", "/health%00"), ("GET", "/../etc/passwd"),
        ])
    func refusedRequestLine(_ method: String, _ path: String) async throws {
        let server = try Server.shared(.nginx)
        expectError(try await server.send(method, path), 400, "invalid_value")
        #expect(try await server.send("GET", "/health").status == 200)
    }

    @Test("a method that nginx refuses gets an error in the API's form, with Allow")
    func refusedMethod() async throws {
        let response = try await Server.shared(.nginx).send("TRACE", "/health")
        expectError(response, 405, "method_not_allowed")
        #expect(response.headers["allow"] != nil)
    }

    @Test("a body too large for nginx to buffer is refused as too large")
    func hugeBody() async throws {
        let body = [UInt8](repeating: UInt8(ascii: "x"), count: 20_000_000)
        expectError(try await Server.shared(.nginx).post(body, session: "huge"), 413, "request_too_large")
    }

    @Test("the pages of nginx's errors cannot be requested")
    func internalPages() async throws {
        expectError(try await Server.shared(.nginx).send("GET", "/error/400"), 404, "not_found")
    }
}
