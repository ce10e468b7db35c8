import Glibc

/// As much of a web server as asks for `/health` over a Unix socket: FastCGI specification, sections 3 to 6.
enum FastCGIClient {
    private enum RecordType: UInt8 {
        case beginRequest = 1
        case parameters = 4
        case standardInput = 5
    }

    private static let healthRequest: [UInt8] =
        // Role: responder; flags: close the connection afterwards.
        record(.beginRequest, [0, 1, 0, 0, 0, 0, 0, 0])
        + record(
            .parameters,
            [
                ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/health"), ("SCRIPT_NAME", "/health"),
                ("SERVER_PROTOCOL", "HTTP/1.1"), ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80"), ("QUERY_STRING", ""),
            ].flatMap(pair))
        + record(.parameters, [])
        + record(.standardInput, [])

    /// Whether a responder listens there and answers `/health` with its usual body.
    static func isHealthy(socket path: String) -> Bool {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var timeout = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, to: path) else { return false }
        guard send(descriptor, healthRequest, healthRequest.count, CInt(MSG_NOSIGNAL)) == healthRequest.count else { return false }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = recv(descriptor, &buffer, buffer.count, 0), count > 0 { answer += buffer[..<count] }
        // The body is short: it comes in one record, so headers of records do not break it.
        return String(decoding: answer, as: UTF8.self).contains(#"{"status":"ok"}"#)
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

    private static func connect(_ descriptor: CInt, to path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }

    /// One record of request 1.
    private static func record(_ type: RecordType, _ content: [UInt8]) -> [UInt8] {
        [1, type.rawValue, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xff), 0, 0] + content
    }

    /// A name and a value shorter than 128 bytes each.
    private static func pair(_ name: String, _ value: String) -> [UInt8] {
        [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
    }
}
