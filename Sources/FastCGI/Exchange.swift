/// One request from the web server and its response: the only owner of its `FCGX_Request`.
///
/// The holder awaits `finish()` once, on every path. Dropping it instead is a programming error that stops the process.
package struct Exchange: ~Copyable, Sendable {
    /// The request's parameters in the order they arrived. Bytes that are not UTF-8 become U+FFFD.
    package let parameters: [(name: String, value: String)]

    /// Sends the response. It accepts nothing after `finish()`.
    package let output: ResponseStream

    private let request: FCGXRequest
    private var body: RequestBody
    private let connection: Connection
    private let listener: Listener
    /// By when the whole body has to be here.
    private var deadline: ContinuousClock.Instant
    private var isLate = false
    private var isFinished = false

    /// Lets libfcgi parse the head. If libfcgi rejects it, or the role is not responder, closes the connection and returns nil.
    ///
    /// - Parameter rest: what has arrived after the head.
    init?(connection: Connection, head: [UInt8], rest: ArraySlice<UInt8>, listener: Listener) {
        let request = FCGXRequest()
        guard request.accept(head, on: connection.descriptor, through: listener.pipes) else {
            request.free()
            listener.close(connection)
            return nil
        }
        self.request = request
        body = RequestBody(of: request.id, on: connection.descriptor, after: head, rest)
        self.connection = connection
        self.listener = listener
        parameters = request.parameters
        output = ResponseStream(request: request, connection: connection, listener: listener)
        deadline = .now + listener.limits.bodyTimeout
    }

    deinit {
        precondition(isFinished, "an Exchange was dropped without finish()")
    }

    /// Reads the body, without holding a thread while it waits.
    ///
    /// - Throws: `bodyTooLarge` if it has more than `limit` bytes, `bodyIncomplete` if it breaks off, `bodyTimedOut` if it does not arrive
    ///   in time.
    package mutating func readBody(limit: Int) async throws(FastCGIError) -> [UInt8] {
        var bytes: [UInt8] = []
        while let chunk = await nextChunk() {
            bytes += chunk
            if bytes.count > limit { throw FastCGIError(.bodyTooLarge, "The body has more than \(limit) bytes") }
        }
        if isLate { throw FastCGIError(.bodyTimedOut, "The body did not arrive in time") }
        guard body.isComplete else { throw FastCGIError(.bodyIncomplete, "The web server broke off the body") }
        return bytes
    }

    /// The next bytes of the body; nil at its end, or if it breaks off or takes too long.
    private mutating func nextChunk() async -> [UInt8]? {
        let deadline = min(deadline, .now + listener.limits.bodyStallTimeout)
        while true {
            switch body.next() {
            case .chunk(let bytes): return bytes
            case .end, .failure: return nil
            case .wait: break
            }
            isLate = ContinuousClock.now >= deadline
            guard !isLate, !Task.isCancelled, await listener.waitUntilReadable(connection, until: deadline) else { return nil }
        }
    }

    /// From now until `finish()`, cancels the serving task if the web server closes the connection or its sending side, or aborts the
    /// request.
    package func cancelTaskOnHangUp() { listener.cancelOnHangUp(connection) }

    /// Ends the response and returns the connection to the listener.
    ///
    /// - Parameter ifLost: called before that if the web server does not take the end of the response.
    package consuming func finish(ifLost: () -> Void = {}) async {
        isFinished = true
        output.close()
        // A late body has had its time. Bytes that are there are read, since closing would discard the response with them (unix(7)).
        if isLate { deadline = .now }
        // The unread rest of the body would be taken for the next request's head.
        var unread = 0
        while unread < listener.limits.drainLength, let chunk = await nextChunk() { unread += chunk.count }
        let keeps = request.keepsConnection
        let isStopping = keeps && listener.stopping != nil
        let isTaken = isStopping ? request.endWithConnection() : request.end()
        if !isTaken { ifLost() }
        if keeps, !isStopping, isTaken, body.isComplete, !body.hasExcess {
            listener.watch(connection)
        } else {
            listener.close(connection)
        }
    }
}
