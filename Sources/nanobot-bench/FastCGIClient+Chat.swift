import Harness

extension FastCGIClient {
    /// True if a responder listens there and answers `/health` with its usual body.
    static func isHealthy(socket path: String) -> Bool {
        guard let reply = try? FastCGIClient(path: path).ask(.http(path: "/health"), within: .seconds(30)) else { return false }
        return reply.text.contains(#"{"status":"ok"}"#)
    }

    /// Waits until `/health` is answered. Throws if the responder ends, or does not answer within 10 s.
    static func waitUntilHealthy(socket: String, _ responder: borrowing OwnedProcess, poll: Duration) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isHealthy(socket: socket) {
            try responder.requireRunning()
            guard ContinuousClock.now < deadline else { throw Failure(description: "A responder did not answer on \(socket) within 10 s.") }
            try Interruption.pause(poll)
        }
    }

    /// Connects to a responder that has just been started, once it answers.
    static func connected(to socket: String, _ responder: borrowing OwnedProcess) throws -> FastCGIClient {
        try waitUntilHealthy(socket: socket, responder, poll: .milliseconds(1))
        return try FastCGIClient(path: socket)
    }

    /// Sends one turn and returns its milliseconds.
    func turn(_ key: String, _ text: String) throws -> Double {
        let body = Array(#"{"messages":[{"role":"user","content":"\#(text)"}]}"#.utf8)
        let begin = ContinuousClock.now
        let reply = try ask(.chat(session: key, body: body), within: .seconds(30))
        let time = (ContinuousClock.now - begin) / .milliseconds(1)
        guard reply.stdout.starts(with: "Status: 200".utf8) else {
            throw Failure(description: "A turn of \(key) was not answered: \(reply.text)")
        }
        return time
    }
}

extension [Record] {
    /// A request as a web server passes it on, over a connection that is kept.
    static func http(method: String = "GET", path: String, headers: [(String, String)] = [], body: [UInt8] = []) -> [Record] {
        var parameters = [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", method), ("REQUEST_URI", path), ("SCRIPT_NAME", path),
            ("SERVER_PROTOCOL", "HTTP/1.1"), ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80"), ("QUERY_STRING", ""),
        ]
        if !body.isEmpty { parameters.append(("CONTENT_LENGTH", String(body.count))) }
        return .head(parameters + headers, keep: true) + .body(body)
    }

    /// A turn of a session.
    static func chat(session: String, body: [UInt8]) -> [Record] {
        let headers = [("HTTP_X_SESSION_KEY", session), ("CONTENT_TYPE", "application/json")]
        return .http(method: "POST", path: "/v1/chat/completions", headers: headers, body: body)
    }
}
