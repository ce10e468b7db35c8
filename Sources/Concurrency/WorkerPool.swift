import DequeModule
package import SystemPackage

/// A task executor with a fixed number of threads: the only threads on which libfcgi's blocking calls and short file I/O run.
/// A waiting task holds no thread, so thousands of chats can wait on a few threads.
package final class WorkerPool: TaskExecutor {
    private let jobs = Mutex(Deque<UnownedJob>())
    private let queued = Semaphore()

    /// Starts `threads` worker threads (at least 1). They end with the process. Throws if the system refuses a thread.
    package init(threads: Int) throws(Errno) {
        for _ in 0..<max(1, threads) {
            try startThread { self.run() }
        }
    }

    /// Queues a job; jobs run in order.
    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
        queued.signal()
    }

    private func run() {
        let executor = asUnownedTaskExecutor()
        while true {
            queued.wait()
            if let job = jobs.withLock({ $0.popFirst() }) {
                job.runSynchronously(on: executor)
            }
        }
    }
}
