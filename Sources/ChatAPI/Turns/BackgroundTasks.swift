import Concurrency
import Glibc

/// Runs work that goes on after its request was answered.
package final class BackgroundTasks: Sendable {
    private struct State {
        var count = 0
        /// When the work that still runs is cancelled; nil as long as the program serves.
        var deadline: ContinuousClock.Instant?
    }

    private let executor: any TaskExecutor
    private let state = Mutex(State())

    package init(executor: any TaskExecutor) { self.executor = executor }

    /// Starts work.
    ///
    /// - Parameter isCancelled: asked several times a second; the work is cancelled once it is true, or when the program stops.
    func start(isCancelled: @escaping @Sendable () -> Bool, _ work: @escaping @Sendable () async -> Void) {
        state.withLock { $0.count += 1 }
        Task(executorPreference: executor) {
            await withTaskGroup(of: Void.self) { group in
                group.addTask(operation: work)
                group.addTask {
                    while !Task.isCancelled, !isCancelled(), self.state.withLock(\.deadline).map({ $0 > .now }) ?? true {
                        try? await Task.sleep(for: .milliseconds(250))
                    }
                }
                await group.next()
                group.cancelAll()
            }
            self.state.withLock { $0.count -= 1 }
        }
    }

    /// Blocks until all work has ended. What lasts longer than `patience` is cancelled.
    package func stop(patience: Duration) {
        let deadline = ContinuousClock.now + patience
        state.withLock { $0.deadline = deadline }
        // Cancelled work ends at once, unless the disk hangs.
        while state.withLock(\.count) > 0, .now < deadline + .seconds(2) { usleep(20_000) }
    }
}
