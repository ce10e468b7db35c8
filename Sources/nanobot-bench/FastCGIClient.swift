import Glibc

/// As much of a web server as sends requests over one kept connection on a Unix socket: FastCGI specification, sections 3 to 6.
struct FastCGIClient: ~Copyable {
    private enum RecordType: UInt8 {
        case beginRequest = 1
        case endRequest = 3
        case parameters = 4
        case standardInput = 5
        case standardOutput = 6
    }

    private let descriptor: CInt
    private var received: [UInt8] = []

    /// Connects. Nil where nobody listens.
    init?(socket path: String) {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        guard Self.connect(descriptor, to: path) else { return nil }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends one request and gives its response as a CGI program writes it: header lines, an empty line, and the body. Nil where the
    /// connection ended before.
    mutating func response(method: String = "GET", path: String, headers: [(String, String)] = [], body: [UInt8] = []) -> String? {
        var parameters = [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", method), ("REQUEST_URI", path), ("SCRIPT_NAME", path),
            ("SERVER_PROTOCOL", "HTTP/1.1"), ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80"), ("QUERY_STRING", ""),
        ]
        if !body.isEmpty { parameters.append(("CONTENT_LENGTH", String(body.count))) }
        // Role: responder; flags: keep the connection.
        let request =
            Self.record(.beginRequest, [0, 1, 1, 0, 0, 0, 0, 0]) + Self.record(.parameters, (parameters + headers).flatMap(Self.pair))
            + Self.record(.parameters, []) + (body.isEmpty ? [] : Self.record(.standardInput, body)) + Self.record(.standardInput, [])
        guard send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else { return nil }
        var output: [UInt8] = []
        while let (type, content) = nextRecord() {
            switch RecordType(rawValue: type) {
            case .standardOutput: output += content
            case .endRequest: return String(decoding: output, as: UTF8.self)
            default: continue
            }
        }
        return nil
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

    private mutating func nextRecord() -> (type: UInt8, content: ArraySlice<UInt8>)? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            if received.count >= 8 {
                let length = Int(received[4]) << 8 | Int(received[5])
                let end = 8 + length + Int(received[6])
                if received.count >= end {
                    let record = (received[1], received[8..<(8 + length)])
                    received.removeSubrange(..<end)
                    return record
                }
            }
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            received += buffer[..<count]
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
