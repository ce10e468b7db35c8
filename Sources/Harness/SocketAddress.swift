import CLinux
import Glibc

/// Where a server of this machine listens.
package enum SocketAddress: Sendable {
    case unix(String)
    /// A TCP port of 127.0.0.1.
    case loopback(Int)

    /// A connection to the server there, which the caller closes. Nil if nothing listens; errno says why.
    ///
    /// - Parameter receiveTimeout: how long a read waits at most.
    package func connected(receiveTimeout: Duration? = nil) -> CInt? {
        let descriptor = makeSocket()
        if let receiveTimeout {
            let (seconds, attoseconds) = receiveTimeout.components
            var value = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &value, socklen_t(MemoryLayout<timeval>.size))
        }
        if withSocketAddress({ connect(descriptor, $0, $1) }) == 0 { return descriptor }
        return discard(descriptor)
    }

    /// A socket that listens there, which the caller closes. Nil if it cannot; errno says why.
    package func listening() -> CInt? {
        let descriptor = makeSocket()
        if withSocketAddress({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, 4096) == 0 { return descriptor }
        return discard(descriptor)
    }

    /// True if a server accepts connections there.
    package var isAnswered: Bool {
        guard let descriptor = connected() else { return false }
        close(descriptor)
        return true
    }

    /// True if nothing listens there. A server that tries to listen at the same moment fails.
    package var isFree: Bool {
        guard let descriptor = listening() else { return false }
        close(descriptor)
        return true
    }

    /// Accepts a connection of a socket from `listening()`. Programs that are started meanwhile do not inherit it: they would keep it open.
    package static func accept(_ listening: CInt) -> CInt? {
        while true {
            let descriptor = accept4(listening, nil, nil, CInt(SOCK_CLOEXEC.rawValue))
            if descriptor >= 0 { return descriptor }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    private func makeSocket() -> CInt {
        let family = if case .unix = self { AF_UNIX } else { AF_INET }
        return socket(family, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    }

    private func discard(_ descriptor: CInt) -> CInt? {
        let error = errno
        close(descriptor)
        errno = error
        return nil
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
            // A cut path would be another socket's.
            precondition(path.utf8.count < MemoryLayout.size(ofValue: address.sun_path), "too long for a socket: \(path)")
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
            return pass(address)
        case .loopback(let port):
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
            return pass(address)
        }
    }
}
