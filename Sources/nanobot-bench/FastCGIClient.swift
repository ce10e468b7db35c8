import Glibc

/// As much of a web server as sends requests, one after the other, over one kept connection on a Unix socket.
struct FastCGIClient: ~Copyable {
    private let descriptor: CInt

    /// Connects. Nil where nobody listens.
    init?(socket path: String) {
        guard let descriptor = Address.unix(path).connected() else { return nil }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Sends one request and gives its response as a CGI program writes it. Nil where the connection ended before.
    mutating func response(method: String = "GET", path: String, headers: [(String, String)] = [], body: [UInt8] = []) -> String? {
        let request = FastCGIWire.request(method: method, path: path, headers: headers, body: body)
        guard send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else { return nil }
        var received: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received += buffer[..<count]
            if let response = FastCGIWire.response(in: received) { return String(decoding: response, as: UTF8.self) }
        }
    }

    /// Whether a responder listens there and answers `/health` with its usual body.
    static func isHealthy(socket path: String) -> Bool {
        guard var client = FastCGIClient(socket: path) else { return false }
        return client.response(path: "/health")?.contains(#"{"status":"ok"}"#) ?? false
    }

    /// Waits until `/health` is answered. Throws if the responder ends or takes too long.
    static func waitUntilHealthy(socket: String, _ child: borrowing ChildProcess, poll: Duration) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !isHealthy(socket: socket) {
            try child.requireRunning()
            guard ContinuousClock.now < deadline else { throw Failure(description: "A responder did not answer on \(socket) within 10 s.") }
            try Interruption.pause(poll)
        }
    }
}
