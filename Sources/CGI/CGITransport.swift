import Glibc
import Text

/// One request over CGI (RFC 3875): meta-variables from an environment, the body from one descriptor, the response to another.
package struct CGITransport: Sendable, ResponseOutput {
    private let metaVariables: [(name: String, value: String)]
    private let input: CInt
    private let output: CInt
    private let willEnd: @Sendable () -> Void

    /// - Parameters:
    ///   - environment: names and values.
    ///   - input: the descriptor that the body is read from.
    ///   - output: the descriptor that the response is written to. The process must ignore SIGPIPE.
    ///   - willEnd: called before the last bytes are written.
    package init(
        environment: [(name: String, value: String)], input: CInt = STDIN_FILENO, output: CInt = STDOUT_FILENO,
        willEnd: @escaping @Sendable () -> Void = {}
    ) {
        (metaVariables, self.input, self.output, self.willEnd) = (environment, input, output, willEnd)
    }

    /// The process's own environment. Bytes that are not UTF-8 become U+FFFD.
    package static func processEnvironment(
        _ environment: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> [(name: String, value: String)] {
        var variables: [(name: String, value: String)] = []
        var entry = environment
        while let variable = entry.pointee {
            if let separator = strchr(variable, CInt(UInt8(ascii: "="))) {
                let name = UnsafeRawBufferPointer(start: variable, count: separator - variable)
                variables.append((String(decoding: name, as: UTF8.self), String(cString: separator + 1)))
            }
            entry += 1
        }
        return variables
    }

    /// Reads the request, and keeps at most `bodyLimit` bytes of its body. Blocks.
    package func readRequest(bodyLimit: Int) -> Request {
        Request(metaVariables: metaVariables, body: readBody(limit: bodyLimit))
    }

    /// Reads as much as the web server announces (section 4.2), or to the end if the client sent the body in chunks, without a length.
    private func readBody(limit: Int) -> Request.Body {
        let isChunked = Request.value("HTTP_TRANSFER_ENCODING", in: metaVariables) != nil
        let length = Request.value("CONTENT_LENGTH", in: metaVariables).flatMap { Int($0) } ?? (isChunked ? Int.max : 0)
        var bytes: [UInt8] = []
        var count = 0
        // The excess is read, too, up to a bound: a web server that cannot send it all may never read the response.
        while count < min(length, Self.drainLength) {
            let chunk = [UInt8](unsafeUninitializedCapacity: min(1 << 16, length - count)) { buffer, count in
                count = max(0, Self.waiting(for: POLLIN, on: input) { read(input, buffer.baseAddress, buffer.count) })
            }
            guard !chunk.isEmpty else { break }
            count += chunk.count
            if count <= limit { bytes += chunk }
        }
        return count > limit ? .tooLarge : .complete(bytes)
    }

    private static let drainLength = 64 << 20

    /// True if nobody has the other end of the pipe any more (poll(2): POLLERR), or of the socket (POLLHUP).
    package var isAbandoned: Bool {
        var entry = pollfd(fd: output, events: 0, revents: 0)
        return poll(&entry, 1, 0) > 0
    }

    /// Writes to the web server. Blocks while it does not read.
    package func write(_ bytes: [UInt8], isLast: Bool) async throws {
        if isLast { willEnd() }
        try send(bytes)
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { bytes in
                Self.waiting(for: POLLOUT, on: output) { Glibc.write(output, bytes.baseAddress, bytes.count) }
            }
            guard count > 0 else { throw WebServerLeft() }
            rest = rest.dropFirst(count)
        }
    }

    /// Makes a call until it is not interrupted. If the descriptor does not block, because another process that shares the pipe made it so,
    /// this waits for it.
    private static func waiting(for events: CInt, on descriptor: CInt, _ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR && errno != EAGAIN { return result }
            guard errno == EAGAIN else { continue }
            var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
            poll(&entry, 1, -1)
        }
    }

    /// The web server has closed its end.
    private struct WebServerLeft: Error {}
}
