import Concurrency
import FoundationEssentials
import Glibc

/// Loopback ports for servers that are about to be started. No two processes that ask here get the same one, and a process gets each at most
/// once: a port stays reserved until the process ends, however it ends.
package enum Port {
    package struct Unavailable: Error, CustomStringConvertible {
        package let description: String
    }

    /// Every run on this machine locks in this file the byte whose offset is the port. Tests/ClientTests/program.py does the same.
    private static let lockFile = "/tmp/nanobot-test-ports.lock"

    private struct State {
        /// The lock file. Its locks end with the process, which never closes it.
        var descriptor: CInt?
        var tried = 0
        var next = Int.random(in: Port.range)
    }

    private static let state = Mutex(State())

    /// Below what the kernel gives to outgoing connections: a port there could be taken between this call and the server's start.
    private static let range: Range<Int> = {
        let text = FileManager.default.contents(atPath: "/proc/sys/net/ipv4/ip_local_port_range").map {
            String(decoding: $0, as: UTF8.self)
        }
        let lowest = text?.split(whereSeparator: \.isWhitespace).first.flatMap { Int($0) } ?? 32_768
        return lowest >= 12_000 ? 10_000..<min(lowest, 32_768) : 10_000..<32_768
    }()

    /// Reserves a port on which nothing listens.
    package static func reserve() throws -> Int {
        try state.withLock { state in
            while state.tried < range.count {
                let port = state.next
                state.tried += 1
                state.next = range.contains(port + 1) ? port + 1 : range.lowerBound
                if try reserve(port, &state) { return port }
            }
            throw Unavailable(description: "No port from \(range.lowerBound) to \(range.upperBound - 1) is left.")
        }
    }

    /// Reserves this port; false if another process has it.
    static func reserve(_ port: Int) throws -> Bool { try state.withLock { try reserve(port, &$0) } }

    private static func reserve(_ port: Int, _ state: inout State) throws -> Bool {
        let descriptor = try state.descriptor ?? openLockFile()
        state.descriptor = descriptor
        var byte = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: port, l_len: 1, l_pid: 0)
        // Looked at under the lock, which another run takes, too, before it looks. Not by listening there: a program that is started at this
        // moment would have a copy of the socket until it runs, and the port's server could not start.
        return fcntl(descriptor, F_SETLK, &byte) == 0 && !SocketAddress.loopback(port).isAnswered
    }

    private static func openLockFile() throws -> CInt {
        // Another user's file in a sticky directory must not be opened with O_CREAT (proc(5), protected_regular).
        for flags in [0, O_CREAT | O_EXCL, 0] {
            let descriptor = open(lockFile, O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0o666)
            guard descriptor >= 0 else { continue }
            if flags != 0 { fchmod(descriptor, 0o666) }
            return descriptor
        }
        throw Unavailable(description: "\(lockFile) cannot be opened: \(String(cString: strerror(errno))).")
    }
}
