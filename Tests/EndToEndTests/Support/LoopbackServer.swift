import Foundation
import Glibc
import Harness

/// A socket that listens on a port of its own until it is stopped or the process ends.
struct LoopbackServer: Sendable {
    let port: Int
    private let descriptor: CInt

    init() throws {
        port = try Port.reserve()
        guard let descriptor = SocketAddress.loopback(port).listening() else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        self.descriptor = descriptor
    }

    /// Serves each connection on a thread of its own, and closes it afterwards.
    func start(_ serve: @escaping @Sendable (_ connection: CInt) -> Void) {
        let descriptor = descriptor
        Thread.detachNewThread {
            while let connection = SocketAddress.accept(descriptor) {
                Thread.detachNewThread {
                    serve(connection)
                    close(connection)
                }
            }
            // What accept(2) says of a socket that was shut down.
            guard errno == EINVAL else { fatalError("a test's server cannot accept: \(String(cString: strerror(errno)))") }
            close(descriptor)
        }
    }

    /// Accepts nothing more. To be called once, after `start()`.
    func stop() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// Reads a whole request, and gives its head and its body. Nil if it did not come.
    static func request(of connection: CInt) -> (head: String, body: [UInt8])? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 14)
        while true {
            if let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
                let length = head.lowercased().firstMatch(of: /content-length: *(\d+)/).flatMap { Int($0.1) } ?? 0
                if bytes.count >= end.upperBound + length { return (head, Array(bytes[end.upperBound...])) }
            }
            let count = recv(connection, &buffer, buffer.count, 0)
            guard count > 0 else { return nil }
            bytes += buffer[..<count]
        }
    }
}
