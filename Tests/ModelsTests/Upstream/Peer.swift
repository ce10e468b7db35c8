import Concurrency
import Glibc
import TestSupport

/// An HTTP server on loopback that runs a script on a thread of its own. Its bytes are written by hand, so that no library checks itself.
final class Peer: Sendable {
    struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    let port: UInt16
    private let listener: CInt
    private let outcome = Mutex<Result<Void, any Error>?>(nil)
    private let accepted = Mutex(0)

    /// Listens, and runs the script. Each call of the script fails after four minutes, which is enough for a busy machine.
    init(_ script: @escaping @Sendable (Peer) throws -> Void) throws {
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutableBytes(of: &address) { bytes in
            guard let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self) else { return false }
            return bind(listener, pointer, length) == 0 && listen(listener, 4096) == 0 && getsockname(listener, pointer, &length) == 0
        }
        guard isBound else { throw Failed(description: "cannot listen: errno \(errno)") }
        port = UInt16(bigEndian: address.sin_port)
        Self.setTimeout(listener)
        try startThread { [self] in
            let result = Result { try script(self) }
            outcome.withLock { $0 = result }
        }
    }

    deinit { Glibc.close(listener) }

    /// The base URL.
    var url: String { "http://127.0.0.1:\(port)/v1" }

    /// The number of accepted connections.
    var connections: Int { accepted.withLock(\.self) }

    /// Waits for the script's end, and throws its error.
    func finish() async throws {
        guard try await eventually({ outcome.withLock { $0 != nil } }) else { throw Failed(description: "the script did not end") }
        try outcome.withLock(\.self)?.get()
    }

    /// Waits for the next connection.
    func accept() throws -> PeerConnection {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { throw Failed(description: "nobody connected: errno \(errno)") }
        Self.setTimeout(descriptor)
        var on: CInt = 1
        setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<CInt>.size))
        accepted.withLock { $0 += 1 }
        return PeerConnection(descriptor)
    }

    private static func setTimeout(_ descriptor: CInt) {
        var time = timeval(tv_sec: 240, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }
}

/// Something that happens once.
final class Event: Sendable {
    private let state = Mutex(false)

    var hasHappened: Bool { state.withLock(\.self) }

    func happen() { state.withLock { $0 = true } }

    /// Waits for the event without holding a thread.
    func wait() async throws {
        guard try await eventually({ hasHappened }) else { throw Peer.Failed(description: "what was waited for did not happen") }
    }

    /// Waits for the event on the script's own thread.
    func block() throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !hasHappened {
            guard ContinuousClock.now < deadline else { throw Peer.Failed(description: "what was waited for did not happen") }
            poll(nil, 0, 1)
        }
    }
}
