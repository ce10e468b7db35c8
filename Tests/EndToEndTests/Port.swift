import Glibc
import Synchronization

/// Ports that nothing listens on.
enum Port {
    // Below what the kernel gives to outgoing connections (ip_local_port_range), each at most once.
    private static let next = Mutex(10_000 + Int(getpid()) % 20_000)

    static func free() -> Int {
        next.withLock { port in
            repeat { port = port >= 32_000 ? 10_000 : port + 1 } while !isFree(port)
            return port
        }
    }

    static func isFree(_ port: Int) -> Bool {
        guard let socket = Listening(port: port) else { return false }
        socket.close()
        return true
    }

    /// A socket that listens on a loopback port.
    struct Listening {
        private let descriptor: CInt

        /// Nil where the port is in use.
        init?(port: Int) {
            descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in(loopback: port)
            let isBound = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            guard isBound, listen(descriptor, 1) == 0 else {
                Glibc.close(descriptor)
                return nil
            }
        }

        func close() { Glibc.close(descriptor) }
    }
}

extension sockaddr_in {
    init(loopback port: Int) {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = in_port_t(port).bigEndian
        sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    }
}
