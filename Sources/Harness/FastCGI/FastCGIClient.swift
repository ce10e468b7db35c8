import Glibc

/// A web server's side of one FastCGI connection, over a Unix socket. Its calls block, those that read at most until their deadline.
package final class FastCGIClient {
    package struct Broken: Error, CustomStringConvertible {
        package let description: String

        package init(_ description: String) { self.description = description }
    }

    /// How long a call waits if nothing else is said. Long, because the sanitizer and other programs slow down everything.
    package static let patience = Duration.seconds(120)

    /// -1 once it is closed. What is read from it here is not seen by the other calls.
    package private(set) var descriptor: CInt
    /// What has arrived and was not read as a record.
    private var received: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    package init(path: String) throws {
        guard let descriptor = SocketAddress.unix(path).connected() else {
            throw Broken("connect: \(String(cString: strerror(errno)))")
        }
        self.descriptor = descriptor
        setTimeout(Self.patience, SO_SNDTIMEO)
    }

    deinit { close() }

    /// Leaves.
    package func close() {
        guard descriptor >= 0 else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Tells the peer that nothing more will come, and stays to read.
    package func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    package func send(_ records: [Record]) throws { try send(records.bytes) }

    package func send<Bytes: Sequence<UInt8>>(_ bytes: Bytes) throws {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw failure("send") }
            rest = rest.dropFirst(count)
        }
    }

    /// Sends a request and returns its answer.
    package func ask(_ records: [Record], within time: Duration = patience) throws -> Reply {
        try send(records)
        return try reply(id: records[0].id, within: time)
    }

    /// The answer to request `id`: everything until its END_REQUEST.
    package func reply(id: UInt16 = 1, within time: Duration = patience) throws -> Reply {
        var reply = Reply()
        let deadline = ContinuousClock.now + time
        while true {
            guard let record = try record(until: deadline) else { throw Broken("closed before END_REQUEST") }
            guard record.id == id else { throw Broken("record of request \(record.id)") }
            guard [Record.Kind.stdout, Record.Kind.stderr, Record.Kind.end].contains(record.type) else {
                throw Broken("record of type \(record.type)")
            }
            if reply.take(record) { return reply }
        }
    }

    /// The next record; nil at the end of the connection.
    package func record(within time: Duration = patience) throws -> Record? { try record(until: .now + time) }

    /// True if the peer closes the connection in time, having sent nothing more.
    package func isClosed(within time: Duration) throws -> Bool {
        try received.isEmpty && !receive(until: .now + time)
    }

    private func record(until deadline: ContinuousClock.Instant) throws -> Record? {
        while true {
            if let (record, end) = Record.first(in: received) {
                received.removeFirst(end)
                return record
            }
            guard try receive(until: deadline) else {
                guard received.isEmpty else { throw Broken("closed inside a record") }
                return nil
            }
        }
    }

    /// Takes what arrives next. False at the end of the connection.
    private func receive(until deadline: ContinuousClock.Instant) throws -> Bool {
        setTimeout(max(.milliseconds(1), deadline - .now), SO_RCVTIMEO)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        // A close that left bytes unread looks like a reset (unix(7)).
        if count == 0 || count < 0 && errno == ECONNRESET { return false }
        guard count > 0 else { throw failure("receive") }
        received += buffer[..<count]
        return true
    }

    private func setTimeout(_ time: Duration, _ option: CInt) {
        let (seconds, attoseconds) = time.components
        var value = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(descriptor, SOL_SOCKET, option, &value, socklen_t(MemoryLayout<timeval>.size))
    }

    private func failure(_ call: String) -> Broken {
        let code = errno
        return Broken(code == EAGAIN ? "\(call): nothing within the deadline" : "\(call): \(String(cString: strerror(code)))")
    }
}
