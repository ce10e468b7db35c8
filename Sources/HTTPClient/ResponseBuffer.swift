import Concurrency

/// The bytes of a response between the transfer thread, which never waits, and the task that reads them.
final class ResponseBuffer: Sendable {
    /// The bytes of the body that arrived since the last ones.
    struct Chunk {
        var status: Int
        var bytes: [UInt8]
        /// True if the transfer has to go on.
        var isResuming: Bool
    }

    /// The number of waiting bytes from which on a transfer pauses. The task may run for as long as it takes to read them and one write of
    /// libcurl's more (16 KB), and then lets other tasks run.
    static let capacity = 32 << 10

    private struct State {
        var status = 0
        var bytes: [UInt8] = []
        var isPaused = false
        var result: Result<HTTPResponseHead, TransferError>?
    }

    private let state = Awaited(State())

    /// Adds bytes; false if too many wait. Then they have to be added again, after the task has asked for it.
    func add(_ bytes: UnsafeRawBufferPointer, status: Int) -> Bool {
        state.change { state in
            guard state.bytes.count < Self.capacity else {
                state.isPaused = true
                return false
            }
            state.status = status
            state.bytes += bytes
            return true
        }
    }

    /// Ends the response.
    func end(_ result: Result<HTTPResponseHead, TransferError>) { state.change { $0.result = $0.result ?? result } }

    /// How the response ended; nil before that.
    var result: Result<HTTPResponseHead, TransferError>? { state.withLock(\.result) }

    /// True if `next()` would wait.
    var isEmpty: Bool { state.withLock { $0.bytes.isEmpty && $0.result == nil } }

    /// The bytes that wait, or the next to arrive; nil at the end.
    func next() async -> Chunk? {
        await state.next { state in
            guard !state.bytes.isEmpty else { return state.result == nil ? nil : .some(nil) }
            defer { (state.bytes, state.isPaused) = ([], false) }
            return Chunk(status: state.status, bytes: state.bytes, isResuming: state.isPaused)
        }
    }
}
