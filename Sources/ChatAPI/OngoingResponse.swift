import CGI
import Concurrency

/// The response to work that may take long. It begins with the first piece that is sent; where the work ends before, it is whole, or an
/// error with a status of its own.
///
/// What is given is only ever sent: nobody waits for the client here. Pieces that the client is slow to take wait in memory, and they
/// are no longer than its answer.
final class OngoingResponse: Sendable {
    /// What is sent where nothing else is, so that nobody on the way takes the connection for dead.
    struct Filler: Sendable {
        var bytes: [UInt8]
        /// How long nothing is sent before the first one. It begins the response, so from then on errors have no status of their own:
        /// proxies give up after 40 to 60 s, and an error that does not arrive tells less than one inside a response.
        var patience: Duration
        /// How long nothing is sent before each further one.
        var interval: Duration
    }

    private struct State {
        /// Until the response has begun. Held no longer: that nobody else holds it any more is how the work learns that it is not wanted.
        var pieces: AsyncStream<[UInt8]>?
        var isOver = false
        var lastSent = ContinuousClock.now
    }

    private let headers: [(name: String, value: String)]
    private let state: Mutex<State>
    private let output: AsyncStream<[UInt8]>.Continuation
    private let beginning: AsyncStream<Result<Response, any Error>>.Continuation
    private let filler: Filler?

    private init(
        _ headers: [(name: String, value: String)], _ pieces: AsyncStream<[UInt8]>, _ output: AsyncStream<[UInt8]>.Continuation,
        _ beginning: AsyncStream<Result<Response, any Error>>.Continuation, _ filler: Filler?
    ) {
        state = Mutex(State(pieces: pieces))
        (self.headers, self.output, self.beginning, self.filler) = (headers, output, beginning, filler)
    }

    /// Begins the work, and gives its response as soon as that has begun. The work's task is cancelled when this one is, and later when
    /// nobody takes the pieces any more.
    ///
    /// - Parameters:
    ///   - headers: of a response in pieces; its status is 200.
    ///   - executor: where the work runs.
    ///   - lateError: what is left to be said where the work fails after the response has begun.
    ///   - work: gives the response if it did not begin before, else that response's body is the last piece.
    static func make(
        headers: [(name: String, value: String)], filler: Filler?, on executor: (any TaskExecutor)?,
        lateError: @escaping @Sendable (any Error) -> [UInt8], work: @escaping @Sendable (OngoingResponse) async throws -> Response
    ) async throws -> Response {
        let (beginnings, beginning) = AsyncStream<Result<Response, any Error>>.makeStream()
        let task: Task<Void, Never>
        do {
            let (pieces, output) = AsyncStream<[UInt8]>.makeStream()
            let ongoing = OngoingResponse(headers, pieces, output, beginning, filler)
            task = Task(executorPreference: executor) {
                let filling = Task { await ongoing.fill() }
                defer { filling.cancel() }
                do {
                    ongoing.end(.success(try await work(ongoing)), lateError)
                } catch {
                    ongoing.end(.failure(error), lateError)
                }
            }
            output.onTermination = { if case .cancelled = $0 { task.cancel() } }
        }
        for await result in beginnings { return try result.get() }
        // Where this task is cancelled, the stream just ends.
        task.cancel()
        throw CancellationError()
    }

    /// Sends a piece. The first one begins the response.
    func send(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        // Inside the lock: pieces go out in one order, and none after the end.
        state.withLock { state in
            guard !state.isOver else { return }
            begin(&state)
            output.yield(piece)
            state.lastSent = .now
        }
    }

    private func begin(_ state: inout State) {
        guard let pieces = state.pieces else { return }
        state.pieces = nil
        beginning.yield(.success(Response(status: 200, headers: headers, body: .stream(pieces))))
    }

    private func end(_ result: Result<Response, any Error>, _ lateError: (any Error) -> [UInt8]) {
        let hasBegun = state.withLock { state in
            state.isOver = true
            return state.pieces == nil
        }
        if !hasBegun {
            beginning.yield(result)
        } else {
            switch result {
            case .success(let response): if case .bytes(let body) = response.body { output.yield(body) }
            case .failure(let error): output.yield(lateError(error))
            }
        }
        output.finish()
        beginning.finish()
    }

    /// Sends the filler whenever nothing was sent for so long.
    private func fill() async {
        guard let filler else { return }
        var patience = filler.patience
        while !Task.isCancelled {
            let due = state.withLock { $0.lastSent } + patience
            guard ContinuousClock.now >= due else {
                try? await Task.sleep(until: due, clock: .continuous)
                continue
            }
            send(filler.bytes)
            patience = filler.interval
        }
    }
}
