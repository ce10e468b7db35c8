import Foundation
import Glibc
import Harness
import TestSupport

/// An HTTP client that looks at a response while it comes, and may leave at any time.
final class StreamClient {
    struct Failed: Error {
        var call: String
        var error: CInt
    }

    private var descriptor: CInt
    private(set) var received: [UInt8] = []

    /// Connects and sends a chat request.
    ///
    /// - Parameters:
    ///   - mount: what stands before the API's paths.
    ///   - version: HTTP's; a client of 1.0 is not sent chunks.
    ///   - receiveBuffer: how many bytes the system takes for the client before it reads them; the system decides if nil.
    init(
        port: Int, mount: String = "", session: String, streams: Bool = true, version: String = "1.1", headers: [String] = [],
        receiveBuffer: CInt? = nil
    ) throws {
        guard let descriptor = SocketAddress.loopback(port).connected() else { throw Failed(call: "connect", error: errno) }
        self.descriptor = descriptor
        if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<CInt>.size)) }
        let body = #"{"stream":\#(streams),"messages":[{"role":"user","content":"Hello"}]}"#
        let lines =
            [
                "POST \(mount)\(Server.chatPath) HTTP/\(version)", "Host: localhost", "Content-Type: application/json", "Connection: close",
                "Content-Length: \(body.utf8.count)", "x-session-key: \(session)",
            ] + headers + ["", body]
        let bytes = Array(lines.joined(separator: "\r\n").utf8)
        guard send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw Failed(call: "send", error: errno)
        }
    }

    deinit { close() }

    /// Leaves.
    func close() {
        if descriptor >= 0 { Glibc.close(descriptor) }
        descriptor = -1
    }

    /// What has come so far, chunk sizes included.
    var text: String { String(decoding: received, as: UTF8.self) }

    /// Whether a text is among what has come.
    func has(_ text: String) throws -> Bool {
        try receive()
        return received.firstRange(of: Array(text.utf8)) != nil
    }

    /// Takes the next byte, if it is there.
    func hasByte() throws -> Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, CInt(MSG_DONTWAIT))
        if count == 1 { received.append(byte) }
        return count == 1
    }

    /// Whether a text comes in time.
    func gets(_ text: String, within limit: Duration = .seconds(120)) async throws -> Bool {
        try await eventually(within: limit) { try has(text) }
    }

    /// Whether the response ends in time.
    func ends() async throws -> Bool { try await eventually { try receive() } }

    /// The head and the body, its chunks joined, once the response has ended.
    var response: HTTPResponse {
        get throws {
            let response = try HTTPResponse(received)
            guard response.headers["transfer-encoding"] == "chunked" else { return response }
            var (body, rest) = ([UInt8](), response.body[...])
            while let end = rest.firstRange(of: Array("\r\n".utf8)),
                let size = Int(String(decoding: rest[..<end.lowerBound], as: UTF8.self), radix: 16), size > 0
            {
                body += rest[end.upperBound...].prefix(size)
                rest = rest[end.upperBound...].dropFirst(size + 2)
            }
            let head = received.prefix(received.count - response.body.count)
            return try HTTPResponse(head + body)
        }
    }

    /// Takes what has come. True at the end.
    @discardableResult
    private func receive() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            if count == 0 { return true }
            guard count > 0 else {
                if errno == EAGAIN { return false }
                throw Failed(call: "recv", error: errno)
            }
            received += buffer[..<count]
        }
    }
}
