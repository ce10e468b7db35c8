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

    /// Whether a program accepts connections on a loopback port. To look whether the port is free would take it from a program that is about
    /// to listen there.
    static func isAnswered(_ port: Int) -> Bool { isAnswered(AF_INET, sockaddr_in(loopback: port)) }

    /// Whether a program accepts connections on a Unix socket: its file is there a moment before.
    static func isAnswered(_ path: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return isAnswered(AF_UNIX, address)
    }

    private static func isAnswered<Address>(_ family: CInt, _ address: Address) -> Bool {
        let descriptor = socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        return withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size)) == 0 }
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
