import DequeModule
import Locking
import SystemPackage

/// A task executor of a fixed number of threads: the only threads on which libfcgi's blocking calls and short file I/O run.
/// A task that waits holds none of them, so thousands of chats wait on a few threads.
public final class WorkerPool: TaskExecutor {
    private let jobs = Mutex(Deque<UnownedJob>())
    private let queued = Semaphore()

    /// Starts `threads` worker threads (at least 1). They end with the process.
    public init(threads: Int) throws(FastCGIError) {
        for _ in 0..<max(1, threads) {
            try attempt("start a thread", code: .library) { () throws(Errno) in try startThread { self.run() } }
        }
    }

    /// Queues a job: first come, first served.
    public func enqueue(_ job: consuming ExecutorJob) {
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
