/// One request of the web server and the way to answer it: the only owner of its `FCGX_Request`.
///
/// Whoever has it awaits `finish()` once, on every path; dropping it instead is a programming error that stops the process.
package struct Exchange: ~Copyable, Sendable {
    /// The request's parameters in the order in which they came. Bytes that are not UTF-8 are replaced by U+FFFD.
    package let parameters: [(name: String, value: String)]

    /// The way to send the response. It takes nothing more once `finish()` was called.
    package let output: ResponseStream

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
        output = ResponseStream(request: request, connection: connection, listener: listener)
        deadline = .now + Self.bodyTimeout
    }

    deinit {
        precondition(isFinished, "an Exchange was dropped without finish()")
    }

    /// Reads the body. Waits for a slow one without holding a thread.
    ///
    /// - Throws: `bodyTooLarge` if it has more than `limit` bytes, `bodyIncomplete` if the web server stops in the middle.
    package mutating func readBody(limit: Int) async throws(FastCGIError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let piece = await nextPiece() {
            bytes += piece
            if bytes.count > limit { throw FastCGIError(.bodyTooLarge, "The body has more than \(limit) bytes") }
        }
        guard body.isComplete else { throw FastCGIError(.bodyIncomplete, "The web server broke off the body") }
        return bytes
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

    /// From now on until `finish()`, the task that serves this request is cancelled when the web server closes the connection or its
    /// sending side, or aborts the request.
    package func cancelTaskOnHangUp() { listener.cancelOnHangUp(connection) }

    /// Ends the response and gives the connection back.
    package consuming func finish() async {
        isFinished = true
        output.close()
        // What is left of the body would be taken for the next request's head.
        var unread = 0
        while unread < listener.limits.drainLength, let piece = await nextPiece() { unread += piece.count }
        if request.end(), body.isComplete, !body.hasExcess { listener.watch(connection) } else { listener.close(connection) }
    }
}
