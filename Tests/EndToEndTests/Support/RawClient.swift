import Foundation
import Glibc
import Harness
import TestSupport

/// An HTTP client that sends whatever bytes it is given.
enum RawClient {
    /// Sends bytes and gives all that came back until the server closed the connection.
    ///
    /// - Parameter thenCloses: whether to end the sending side afterwards, as a client that was cut off.
    static func exchange(_ bytes: [UInt8], port: Int, thenCloses: Bool = false) async throws -> [UInt8] {
        guard let descriptor = SocketAddress.loopback(port).connected() else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        guard send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
        }
        if thenCloses { shutdown(descriptor, CInt(SHUT_WR)) }

        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let ended = try await eventually {
            let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
            if count > 0 { answer += buffer[..<count] }
            return count == 0 || count < 0 && errno != EAGAIN
        }
        guard ended else { throw POSIXError(.ETIMEDOUT) }
        return answer
    }

    /// Posts one turn with a session key of any bytes.
    static func chat(sessionKey: [UInt8], port: Int) async throws -> HTTPResponse {
        try await chat(headers: Array("x-session-key:".utf8) + sessionKey, port: port)
    }

    /// Posts one turn with header lines of any bytes, the last one without its line break.
    static func chat(headers: [UInt8], mount: String = "", port: Int) async throws -> HTTPResponse {
        let body = Server.body("Hello")
        let head = "POST \(mount)\(Server.chatPath) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        return try HTTPResponse(try await exchange(Array(head.utf8) + headers + "\r\n\r\n".utf8 + body, port: port))
    }
}
