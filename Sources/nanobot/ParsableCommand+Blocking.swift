import ArgumentParser
import Concurrency
import FastCGI

extension ParsableCommand {
    /// Runs `body` to its end, blocking the calling thread.
    func runBlocking(_ body: @escaping @Sendable () async throws -> Void) throws {
        let failure = Mutex<(any Error)?>(nil)
        let ended = Semaphore()
        // On a thread of its own: waiting for the disk would block the shared pool.
        Task(executorPreference: try WorkerPool(threads: 1)) {
            do {
                try await body()
            } catch {
                failure.withLock { $0 = error }
            }
            ended.signal()
        }
        ended.wait()
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
