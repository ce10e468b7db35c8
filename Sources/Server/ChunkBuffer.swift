import CGI
import Concurrency

/// The bytes of a response that have been produced and not yet sent. One task produces, one sends; the producer never waits.
package final class ChunkBuffer: Sendable {
    private struct State {
        var bytes: [UInt8] = []
        var headers: [(name: String, value: String)] = []
        /// When bytes were last added.
        var lastAdded = ContinuousClock.now
        var result: Result<Response, any Error>?
        /// True once nobody will send the bytes any more.
        var isDiscarded = false
    }

    private let state = Awaited(State())

    /// Adds a chunk of the body.
    package func send(_ chunk: [UInt8]) {
        guard !chunk.isEmpty else { return }
        state.change { state in
            guard state.result == nil, !state.isDiscarded else { return }
            state.bytes += chunk
            state.lastAdded = .now
        }
    }

    /// Adds a header to a response that has not begun.
    package func addHeader(_ name: String, _ value: String) { state.withLock { $0.headers.append((name, value)) } }

    /// True if all bytes were taken to be sent.
    package var isTaken: Bool { state.withLock(\.bytes.isEmpty) }

    /// False once nobody will send the bytes any more.
    package var isWanted: Bool { state.withLock { !$0.isDiscarded } }

    var headers: [(name: String, value: String)] { state.withLock(\.headers) }

    /// Ends the body.
    func end(_ result: Result<Response, any Error>) {
        state.change { $0.result = result }
    }

    /// How the work ended. Read it only after `next()` has returned nil.
    var result: Result<Response, any Error> { state.withLock(\.result) ?? .failure(CancellationError()) }

    /// All bytes added since the last call; nil at the end. Waits until there are some.
    func next() async -> [UInt8]? {
        await state.next { state in
            guard !state.bytes.isEmpty else { return state.result == nil ? nil : .some(nil) }
            defer { state.bytes = [] }
            return state.bytes
        }
    }

    /// Returns when the work has ended, and discards what it still sends.
    func waitForEnd() async {
        state.withLock { state in
            state.isDiscarded = true
            state.bytes = []
        }
        while await next() != nil {}
    }

    /// Adds the keep-alive's bytes if nothing was added for its interval and all earlier bytes were taken.
    func fill(with keepAlive: KeepAlive) async {
        var patience = keepAlive.patience
        while !Task.isCancelled {
            let (lastAdded, isOver, isTaken) = state.withLock { ($0.lastAdded, $0.result != nil, $0.bytes.isEmpty) }
            if isOver { return }
            let due = lastAdded + patience
            if ContinuousClock.now >= due, isTaken {
                send(keepAlive.bytes)
                patience = keepAlive.interval
            } else {
                // If the client takes nothing, check again after another interval.
                try? await Task.sleep(until: max(due, isTaken ? due : .now + keepAlive.interval), clock: .continuous)
            }
        }
    }
}
