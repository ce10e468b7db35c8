import Foundation
import Glibc
import Harness

/// A socket that listens on a port of its own until the process ends.
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
            fatalError("a test's server cannot accept: \(String(cString: strerror(errno)))")
        }
    }
}
