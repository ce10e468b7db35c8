import Glibc

/// A connection that a `Peer` accepted. It is closed with the last reference.
final class PeerConnection {
    /// A request as it was received.
    struct Request {
        var line: String
        var headers: [String: String]
        var body: String
    }

    private let descriptor: CInt
    private var buffer: [UInt8] = []
    private var isOpen = true

    init(_ descriptor: CInt) { self.descriptor = descriptor }

    deinit { close() }

    func close() {
        if isOpen { Glibc.close(descriptor) }
        isOpen = false
    }

    /// Closes the connection with a reset.
    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        close()
    }

    /// The next request on this connection.
    func request() throws -> Request {
        var end: Int?
        while end == nil {
            end = buffer.firstRange(of: Array("\r\n\r\n".utf8))?.upperBound
            if end == nil, try !receive() { throw Peer.Failed(description: "the connection ended before a request") }
        }
        let head = String(decoding: buffer[..<(end ?? 0)], as: UTF8.self).split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in head.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.count > 1 ? String(parts[1]) : ""
        }
        buffer.removeSubrange(..<(end ?? 0))
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        while buffer.count < length { if try !receive() { throw Peer.Failed(description: "the connection ended in a body") } }
        defer { buffer.removeSubrange(..<length) }
        return Request(line: String(head[0]), headers: headers, body: String(decoding: buffer[..<length], as: UTF8.self))
    }

    /// Waits until the other side closes the connection.
    func expectClose() throws {
        while try receive() {}
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Peer.Failed(description: "cannot send: errno \(errno)") }
            rest = rest.dropFirst(count)
        }
    }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    /// Sends a whole response.
    func respond(_ body: String = Fixture.completion, status: Int = 200, headers: [String] = []) throws {
        let lines = ["HTTP/1.1 \(status) Status", "Content-Length: \(body.utf8.count)"] + headers
        try write(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Sends the head of a stream that ends with the connection.
    func beginStream() throws { try write("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n") }

    private func receive() throws -> Bool {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &bytes, bytes.count, 0)
        guard count >= 0 || errno == ECONNRESET else { throw Peer.Failed(description: "nothing came: errno \(errno)") }
        buffer += bytes.prefix(max(0, count))
        return count > 0
    }
}
