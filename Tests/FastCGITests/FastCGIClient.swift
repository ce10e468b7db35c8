import Glibc

/// A web server's side of one FastCGI connection, over a Unix socket. Everything on it blocks, the reading for at most its deadline.
final class FastCGIClient {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private(set) var descriptor: CInt

    init(path: String) throws {
        descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard status == 0 else { throw failure("connect") }
        setTimeout(patience, SO_SNDTIMEO)
    }

    deinit { close() }

    /// Leaves.
    func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Says that nothing more will come, and stays to read.
    func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    func send(_ records: [Record]) throws { try send(records.bytes) }

    func send<Bytes: Sequence<UInt8>>(_ bytes: Bytes) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw failure("send") }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends a request and gives its answer.
    func ask(_ records: [Record], within time: Duration = patience) throws -> Reply {
        try send(records)
        return try reply(id: records[0].id, within: time)
    }

    /// The answer to request `id`: everything until its END_REQUEST.
    func reply(id: UInt16 = 1, within time: Duration = patience) throws -> Reply {
        var reply = Reply(appStatus: 0, protocolStatus: 0)
        let deadline = ContinuousClock.now + time
        while true {
            guard let record = try record(until: deadline) else { throw Failure(description: "closed before END_REQUEST") }
            guard record.id == id else { throw Failure(description: "record of request \(record.id)") }
            switch record.type {
            case Record.Kind.stdout: reply.stdout += record.content
            case Record.Kind.stderr: reply.stderr += record.content
            case Record.Kind.end:
                reply.appStatus = record.content[..<4].reduce(0) { $0 << 8 | UInt32($1) }
                reply.protocolStatus = record.content[4]
                return reply
            default: throw Failure(description: "record of type \(record.type)")
            }
        }
    }

    /// The next record; nil at the end of the connection.
    func record(within time: Duration = patience) throws -> Record? { try record(until: .now + time) }

    /// Whether the other side closes the connection, having sent nothing more, in time.
    func isClosed(within time: Duration) throws -> Bool {
        try receive(1, until: .now + time).isEmpty
    }

    private func record(until deadline: ContinuousClock.Instant) throws -> Record? {
        let header = try receive(8, until: deadline)
        guard !header.isEmpty else { return nil }
        guard header.count == 8 else { throw Failure(description: "closed inside a header") }
        let length = Int(header[4]) << 8 | Int(header[5])
        let rest = try receive(length + Int(header[6]), until: deadline)
        guard rest.count == length + Int(header[6]) else { throw Failure(description: "closed inside a record") }
        return Record(
            version: header[0], type: header[1], id: UInt16(header[2]) << 8 | UInt16(header[3]), content: Array(rest[..<length]),
            padding: header[6])
    }

    /// The next bytes; fewer where the connection ends.
    private func receive(_ count: Int, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            setTimeout(max(.milliseconds(1), deadline - .now), SO_RCVTIMEO)
            let received = bytes[filled...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            // A reset is how a close looks that left bytes unread (unix(7)).
            if received == 0 || received < 0 && errno == ECONNRESET { break }
            guard received > 0 else { throw failure("receive") }
            filled += received
        }
        return Array(bytes[..<filled])
    }

    private func setTimeout(_ time: Duration, _ option: CInt) {
        let (seconds, attoseconds) = time.components
        var value = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<timeval>.size))
    }

    private func failure(_ call: String) -> Failure {
        let code = errno
        return Failure(description: code == EAGAIN ? "\(call): nothing within the deadline" : "\(call): \(String(cString: strerror(code)))")
    }
}
