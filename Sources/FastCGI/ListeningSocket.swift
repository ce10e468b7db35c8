import Glibc
import SystemPackage

/// The socket on which the web server connects: opened here, or inherited from the process that started this one.
package struct ListeningSocket: Sendable {
    /// The descriptor, listening and non-blocking.
    package let descriptor: CInt
    /// The file of a Unix socket that this process created and removes.
    private let file: SocketFile?
    /// Who may connect, if it is a TCP socket.
    let peers: PeerAddresses

    /// The most connections that wait for `accept`. The kernel lowers it to its own limit (net.core.somaxconn).
    private static let backlog: CInt = 4096
    private static let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)

    /// Creates a Unix socket. A socket file that nobody listens on is replaced.
    ///
    /// - Parameters:
    ///   - mode: the file's mode. Whoever may write to the file may connect (unix(7)); by default only this user.
    ///   - group: the file's group; this process's if nil.
    package init(unixPath path: String, mode: UInt32 = 0o600, group: String? = nil) throws(FastCGIError) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let capacity = MemoryLayout.size(ofValue: address.sun_path) - 1
        guard 1...capacity ~= path.utf8.count else {
            throw FastCGIError(
                .listen, "A Unix socket's path has 1 to \(capacity) bytes and \"\(path)\" has \(path.utf8.count). Choose another path.")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let descriptor = try attempt("open a socket", code: .listen) { () throws(Errno) in
            try systemCall { socket(AF_UNIX, Self.type, 0) }
        }
        do throws(FastCGIError) {
            try Self.bindReplacingStale(descriptor, to: address, path: path, mode: mode, group: group)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        self.descriptor = descriptor
        file = SocketFile(path)
        peers = .loopback
    }

    /// Listens on an IPv4 address: a loopback address, or any address if `peers` names hosts beyond this machine.
    package init(ipv4 host: String, port: UInt16, peers: PeerAddresses = .loopback) throws(FastCGIError) {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else {
            throw FastCGIError(.listen, "\"\(host)\" is not an IPv4 address. Use 127.0.0.1, or a Unix socket.")
        }
        guard UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127 || peers.reachesBeyondLoopback else {
            throw FastCGIError(
                .listen,
                "\"\(host)\" is not a loopback address. Use 127.0.0.1, or a Unix socket; or name the web server's address in FCGI_WEB_SERVER_ADDRS."
            )
        }
        self.peers = peers
        descriptor = try attempt("listen on \(host):\(port)", code: .listen) { () throws(Errno) in
            let descriptor = try systemCall { socket(AF_INET, Self.type, 0) }
            do throws(Errno) {
                try setOption(descriptor, level: SOL_SOCKET, SO_REUSEADDR, CInt(1))
                _ = try withSocketAddress(address) { address, length throws(Errno) in try systemCall { bind(descriptor, address, length) } }
                _ = try systemCall { listen(descriptor, Self.backlog) }
            } catch {
                Glibc.close(descriptor)
                throw error
            }
            return descriptor
        }
        file = nil
    }

    /// Takes over a listening socket that this process inherited.
    ///
    /// - Parameter peers: who may connect, if it is a TCP socket.
    package init(inherited descriptor: CInt, peers: PeerAddresses = .loopback) throws(FastCGIError) {
        guard Self.isListening(descriptor) else {
            throw FastCGIError(
                .listen, "Descriptor \(descriptor) is not a listening socket. Start this from a web server, or give --socket unix:PATH.")
        }
        try attempt("use descriptor \(descriptor)", code: .listen) { () throws(Errno) in
            let flags = try systemCall { fcntl(descriptor, F_GETFL) }
            _ = try systemCall { fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) }
        }
        self.descriptor = descriptor
        self.peers = peers
        file = nil
    }

    /// True if the descriptor is a listening socket.
    package static func isListening(_ descriptor: CInt) -> Bool {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value != 0
    }

    /// True if a connection waits to be accepted.
    var hasWaitingConnection: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    /// Stops listening. The socket is closed, never shut down: other processes may share it.
    package func close() {
        Glibc.close(descriptor)
        file?.remove()
    }

    private static func bindReplacingStale(
        _ descriptor: CInt, to address: sockaddr_un, path: String, mode: UInt32, group: String?
    ) throws(FastCGIError) {
        let bound = try attempt("listen on \(path)", code: .listen) { () throws(Errno) in
            // On Linux the socket file takes the unbound socket's mode (net/unix/af_unix.c), so the file is never open any wider.
            _ = try systemCall { fchmod(descriptor, 0o600) }
            return try bindUnlessTaken(descriptor, address)
        }
        if !bound {
            guard !hasListener(address) else {
                throw FastCGIError(.listen, "Another process listens on \(path). Stop it, or choose another path.")
            }
            try attempt("replace \(path)", code: .listen) { () throws(Errno) in
                var status = stat()
                _ = try systemCall { lstat(path, &status) }
                // Remove only a socket: the path may have been mistyped.
                guard status.st_mode & S_IFMT == S_IFSOCK else { throw .addressInUse }
                _ = try systemCall { unlink(path) }
                guard try bindUnlessTaken(descriptor, address) else { throw .addressInUse }
            }
        }
        // Nobody can connect before it listens.
        if let group { try give(path, to: group) }
        try attempt("listen on \(path)", code: .listen) { () throws(Errno) in
            _ = try systemCall { chmod(path, mode) }
            _ = try systemCall { listen(descriptor, backlog) }
        }
    }

    private static func give(_ path: String, to group: String) throws(FastCGIError) {
        guard let entry = getgrnam(group) else { throw FastCGIError(.listen, "There is no group \"\(group)\".") }
        try attempt("give \(path) to the group \(group)", code: .listen) { () throws(Errno) in
            _ = try systemCall { chown(path, uid_t.max, entry.pointee.gr_gid) }
        }
    }

    private static func bindUnlessTaken(_ descriptor: CInt, _ address: sockaddr_un) throws(Errno) -> Bool {
        do throws(Errno) {
            _ = try withSocketAddress(address) { address, length throws(Errno) in try systemCall { bind(descriptor, address, length) } }
            return true
        } catch {
            if error == .addressInUse { return false }
            throw error
        }
    }

    private static func hasListener(_ address: sockaddr_un) -> Bool {
        let probe = socket(AF_UNIX, type, 0)
        defer { Glibc.close(probe) }
        do throws(Errno) {
            _ = try withSocketAddress(address) { address, length throws(Errno) in try systemCall { connect(probe, address, length) } }
            return true
        } catch {
            // A full backlog (EAGAIN) means that somebody listens, too.
            return error == .wouldBlock
        }
    }
}

/// Passes an address in the form that bind(2) and connect(2) take.
private func withSocketAddress<Address, Result>(
    _ address: Address, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(Errno) -> Result
) throws(Errno) -> Result {
    try withUnsafePointer(to: address) { pointer throws(Errno) in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer throws(Errno) in
            try body(pointer, socklen_t(MemoryLayout<Address>.size))
        }
    }
}

/// The file of a Unix socket.
private struct SocketFile {
    private let path: String
    private let status: stat

    /// The file now at the path; nil if there is none.
    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        (self.path, self.status) = (path, status)
    }

    /// Removes the file, unless another has taken its path.
    func remove() {
        guard let other = SocketFile(path)?.status, (other.st_dev, other.st_ino) == (status.st_dev, status.st_ino) else { return }
        unlink(path)
    }
}
