import Glibc

/// Where a server listens on this machine.
enum Address {
    case unix(String)
    case loopback(port: UInt16)

    /// A new connection, whose reads take 30 s at most. Nil where nobody listens.
    func connected() -> CInt? {
        let descriptor = makeSocket()
        var timeout = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        if withSocketAddress({ connect(descriptor, $0, $1) }) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// A socket that listens. Nil where that is not possible; errno says why.
    func listening() -> CInt? {
        let descriptor = makeSocket()
        if withSocketAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 4096) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// A port of loopback that nothing listens on now.
    static func freePort() throws -> UInt16 {
        guard let descriptor = loopback(port: 0).listening() else {
            throw Failure(description: "No port of 127.0.0.1 is free: \(String(cString: strerror(errno))).")
        }
        defer { close(descriptor) }
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private func makeSocket() -> CInt {
        let family = if case .unix = self { AF_UNIX } else { AF_INET }
        return socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private func withSocketAddress(_ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        func pass<Family>(_ address: Family) -> CInt {
            withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { call($0, socklen_t(MemoryLayout<Family>.size)) }
            }
        }
        switch self {
        case .unix(let path):
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            // A longer path would be another one; a workspace's are short.
            precondition(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path))
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            return pass(address)
        case .loopback(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            return pass(address)
        }
    }
}
