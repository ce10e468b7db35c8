import Text

/// Sends a response's bytes to the web server. FastCGI and CGI implement it differently.
package protocol ResponseOutput: Sendable {
    /// True if the web server is known to have left, or to have closed the connection because its client left. Does not wait.
    var isAbandoned: Bool { get }

    /// Sends bytes, and returns once the web server has accepted them.
    ///
    /// - Parameter isLast: true if the response ends with these bytes.
    /// - Throws: if the web server has left or has stalled for too long.
    func write(_ bytes: [UInt8], isLast: Bool) async throws
}

/// Writes one response: all at once, or the head with the first bytes and then the rest. One task at a time uses it.
package final class ResponseWriter {
    private let output: any ResponseOutput
    private let includesBody: Bool
    private var extraHeaders: [(name: String, value: String)] = []
    /// The head of a streamed response, until its first bytes are written.
    private var pendingHead: [UInt8]?

    /// The response's status; nil until there is one.
    package private(set) var status: Int?
    /// True if the response began before it was complete.
    package private(set) var isStreamed = false
    /// When the first bytes were sent; nil until then.
    package private(set) var firstByte: ContinuousClock.Instant?

    /// - Parameter includesBody: false for the response to HEAD, whose body is never sent.
    package init(_ output: any ResponseOutput, includesBody: Bool) {
        (self.output, self.includesBody) = (output, includesBody)
    }

    /// Adds a header field to the response, or to the list in its field of that name. It has no effect once the response has begun.
    package func addHeader(_ name: String, _ value: String) { extraHeaders.append((name, value)) }

    /// Sends a whole response. Does nothing if a response has already begun.
    ///
    /// - Throws: as `ResponseOutput.write`.
    package func send(_ response: Response) async throws {
        guard status == nil else { return }
        status = response.status
        var response = response
        response.headers = withExtras(response.headers)
        try await put(response.serialized(includesBody: includesBody), isLast: true)
    }

    /// Begins a response of unknown length. Its head goes out with the first bytes of its body.
    package func begin(status: Int, headers: [(name: String, value: String)]) {
        guard self.status == nil else { return }
        self.status = status
        isStreamed = true
        pendingHead = Response.head(status: status, headers: withExtras(headers))
    }

    /// Sends bytes of the body, after `begin`.
    ///
    /// - Throws: as `ResponseOutput.write`.
    package func write(_ bytes: [UInt8], isLast: Bool = false) async throws {
        let head = pendingHead ?? []
        pendingHead = nil
        let body = includesBody ? bytes : []
        guard isLast || !(head.isEmpty && body.isEmpty) else { return }
        try await put(head + body, isLast: isLast)
    }

    /// One field for each name: not every reader of `Cache-Control` and `Vary` looks for a second one.
    private func withExtras(_ headers: [(name: String, value: String)]) -> [(name: String, value: String)] {
        extraHeaders.reduce(into: headers) { headers, extra in
            if let index = headers.firstIndex(where: { $0.name == extra.name }) {
                headers[index].value += ", " + extra.value
            } else {
                headers.append(extra)
            }
        }
    }

    private func put(_ bytes: [UInt8], isLast: Bool) async throws {
        if firstByte == nil { firstByte = .now }
        try await output.write(bytes, isLast: isLast)
    }
}
