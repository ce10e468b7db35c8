/// One request of the web server and the way to answer it: the only owner of its `FCGX_Request`.
///
/// Whoever has it awaits `finish()` once, on every path; dropping it instead is a programming error that stops the process.
package struct Exchange: ~Copyable, Sendable {
    /// What came of reading a request's body.
    package enum Body: Sendable, Equatable {
        /// All of it.
        case complete([UInt8])
        /// More than the limit; nothing of it is kept.
        case tooLarge
        /// The web server stopped in the middle.
        case incomplete
    }

    /// The request's parameters in the order in which they came. Bytes that are not UTF-8 are replaced by U+FFFD.
    package let parameters: [(name: String, value: String)]

    private let request: FCGXRequest
    private var body: RequestBody
    private let connection: Connection
    private let listener: Listener
    private let deadline: ContinuousClock.Instant
    private var isFinished = false

    /// How long a body may take.
    private static let bodyTimeout = Duration.seconds(60)

    /// Lets libfcgi read the head that has arrived. Nil, and the connection closed, where libfcgi or the role says no.
    init?(connection: Connection, head: [UInt8], listener: Listener) {
        let request = FCGXRequest()
        guard request.accept(head, on: connection.descriptor, through: listener.pipes) else {
            request.free()
            listener.close(connection)
            return nil
        }
        self.request = request
        body = RequestBody(of: request.id, on: connection.descriptor, after: head)
        self.connection = connection
        self.listener = listener
        parameters = request.parameters
        deadline = .now + Self.bodyTimeout
    }

    deinit {
        precondition(isFinished, "an Exchange was dropped without finish()")
    }

    /// Reads the body, which may have at most `limit` bytes. One that comes slowly is waited for without holding a thread.
    package mutating func readBody(limit: Int) async -> Body {
        var bytes: [UInt8] = []
        while let piece = await nextPiece() {
            bytes += piece
            if bytes.count > limit { return .tooLarge }
        }
        return body.isComplete ? .complete(bytes) : .incomplete
    }

    /// The next bytes of the body; nil at its end, and where it breaks off or takes too long.
    private mutating func nextPiece() async -> [UInt8]? {
        let deadline = min(deadline, .now + listener.limits.stallTimeout)
        while true {
            switch body.next() {
            case .piece(let bytes): return bytes
            case .end, .failure: return nil
            case .wait: break
            }
            guard ContinuousClock.now < deadline, await listener.waitUntilReadable(connection, until: deadline) else { return nil }
        }
    }

    /// Sends bytes of the response: at `finish()` at the latest, earlier where 8 KiB have come together.
    package func write(_ bytes: [UInt8]) throws(FastCGIError) {
        try request.write(bytes)
    }

    /// Sends bytes, and what was written before them, at once. A web server that does not take them is waited for without holding a
    /// thread, each time for at most `Listener.Limits.stallTimeout`.
    ///
    /// Throws too where the task is cancelled while it waits.
    package func send(_ bytes: [UInt8]) async throws(FastCGIError) {
        for start in stride(from: 0, to: bytes.count, by: Self.sendLength) {
            try await waitUntilWritable()
            try request.write(Array(bytes[start..<min(bytes.count, start + Self.sendLength)]))
        }
        try await waitUntilWritable()
        try request.flush()
    }

    /// What fits at once into a socket that takes anything: a Unix socket takes more from a quarter of its buffer on (net/unix/af_unix.c,
    /// unix_writable), a TCP socket from a third.
    private static let sendLength = 8 << 10

    private func waitUntilWritable() async throws(FastCGIError) {
        let deadline = ContinuousClock.now + listener.limits.stallTimeout
        while !connection.isWritable {
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(5))) != nil else {
                // What is buffered is given up, too: libfcgi would wait for the peer with it, on a worker.
                connection.shutDown()
                throw FastCGIError(.connection, "The web server does not take the response")
            }
        }
    }

    /// From now on until `finish()`, the task that serves this request is cancelled when the web server closes the connection or its
    /// sending side, or aborts the request.
    package func cancelTaskOnHangUp() { listener.cancelOnHangUp(connection) }

    /// Ends the response and gives the connection back.
    package consuming func finish() async {
        isFinished = true
        // What is left of the body would be taken for the next request's head.
        var unread = 0
        while unread < listener.limits.drainLength, let piece = await nextPiece() { unread += piece.count }
        if request.end(), body.isComplete, !body.hasExcess { listener.watch(connection) } else { listener.close(connection) }
    }
}
