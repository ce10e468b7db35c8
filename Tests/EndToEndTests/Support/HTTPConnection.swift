import Foundation
import Glibc
import Harness

/// An HTTP client that keeps its connection, cheap enough for thousands of requests. Its calls block, each for at most five minutes: they
/// belong on a thread of their own (`onOwnThread`).
final class HTTPConnection {
    struct Broken: Error {
        var call: String
        var error: CInt
    }

    private let port: Int
    private var descriptor: CInt = -1

    init(port: Int) {
        self.port = port
    }

    deinit { close() }

    /// One turn of a session. The text is taken as it stands in JSON.
    func chat(_ text: String, session: String, headers: [String] = [], path: String = Server.chatPath) throws -> HTTPResponse {
        try self.send("POST", path, headers: ["x-session-key: \(session)"] + headers, body: Server.body(text))
    }

    func send(_ method: String, _ path: String, headers: [String] = [], body: [UInt8] = []) throws -> HTTPResponse {
        let lines =
            ["\(method) \(path) HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: \(body.count)"]
            + headers + ["", ""]
        if descriptor < 0 { try open() }
        do {
            try send(Array(lines.joined(separator: "\r\n").utf8) + body)
            let response = try receive()
            if response.headers["connection"] == "close" { close() }
            return response
        } catch {
            close()
            throw error
        }
    }

    private func open() throws {
        guard let descriptor = SocketAddress.loopback(port).connected(receiveTimeout: .seconds(300)) else {
            throw Broken(call: "connect", error: errno)
        }
        self.descriptor = descriptor
    }

    private func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Broken(call: "send", error: errno) }
            rest = rest.dropFirst(count)
        }
    }

    /// Reads one response, as long as its Content-Length says.
    private func receive() throws -> HTTPResponse {
        var bytes: [UInt8] = []
        var length = Int.max
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count < length {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { throw Broken(call: "recv", error: count == 0 ? 0 : errno) }
            bytes += buffer[..<count]
            if length == .max, let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let response = try HTTPResponse(Array(bytes[..<head.upperBound]))
                length = head.upperBound + (response.headers["content-length"].flatMap { Int($0) } ?? 0)
            }
        }
        return try HTTPResponse(bytes)
    }
}

/// Runs `body` where it may block: on a thread that nothing else uses.
func onOwnThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
