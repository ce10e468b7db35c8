import CGI
import Concurrency
import TestSupport

/// The web server's end of a response.
final class Output: ResponseOutput {
    private struct Gone: Error {}

    private let state = Mutex<(bytes: [UInt8], hasLeft: Bool)>(([], false))
    /// Holds writes from the second one on until it is opened.
    private let slow: Gate?
    let written = Log<Int>()

    init(slow: Gate? = nil) { self.slow = slow }

    var isAbandoned: Bool { state.withLock(\.hasLeft) }

    func write(_ bytes: [UInt8], isLast: Bool) async throws {
        if !written.entries.isEmpty { await slow?.pass() }
        written.append(bytes.count)
        try state.withLock { state in
            guard !state.hasLeft else { throw Gone() }
            state.bytes += bytes
        }
    }

    func leave() { state.withLock { $0.hasLeft = true } }

    var text: String { String(decoding: state.withLock(\.bytes), as: UTF8.self) }

    /// The lines of the head.
    var head: [String] {
        text.split(separator: "\r\n\r\n", omittingEmptySubsequences: false).first.map { $0.split(separator: "\r\n").map(String.init) } ?? []
    }

    var body: String { text.firstRange(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }
}
