import Concurrency
import DequeModule
import Files
import Glibc
import SystemPackage

/// Lets one turn at a time change a session: first come, first served inside the process, and one process at a time.
///
/// Processes use open-file-description locks (fcntl(2), "Open file description locks") on two bytes of a file (FORMAT.md, "Locks"): nothing
/// is left behind, and the kernel frees the locks of a process that dies. One byte is the session; the other is the head of its queue,
/// which a process holds while it waits for the first. So a process with many turns cannot overtake another: its next turn has to become
/// the head again. Inside the process all turns share the description, so a queue keeps them apart. The queue is found by the same byte, or
/// two sessions with one hash would free each other's lock.
///
/// The kernel keeps a file's locks in one list, and walks it under a spinlock for each lock that is set or freed (fs/locks.c,
/// posix_lock_inode): with 10,000 chats in flight that took a third of the program's time. So sessions are spread over sixteen files.
final class SessionLock: Sendable {
    private struct Waiter {
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Bool, Never>
    }

    /// A session that is locked by this process.
    private struct Queue {
        var waiters: Deque<Waiter> = []
        /// Where the byte is locked that a turn holds.
        var file: LockFile?
    }

    private struct State {
        var queues: [Int64: Queue] = [:]
        /// True if a task waits for the next deadline.
        var isWatched = false
        var files: [Int64: LockFile] = [:]
    }

    private let path: FilePath
    private let directories: [FilePath]
    private let system: any FileSystem
    private let timeout: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - path: the beginning of the files' names, in a directory that exists.
    ///   - directories: created whenever the first file is missing, as they belong together.
    init(_ path: FilePath, directories: [FilePath], timeout: Duration, in system: any FileSystem) {
        (self.path, self.directories, self.system, self.timeout) = (path, directories, system, timeout)
    }

    /// Fails if there is no data directory.
    func check() throws(SessionError) { _ = try currentFile(for: 0) }

    /// Runs `body` while no other turn of the session runs, in any process. Throws `busy` after waiting for `session.busyTimeout`.
    ///
    /// - Parameter onWait: called once before it waits, if it does.
    func withLock<Result: Sendable>(
        _ key: SessionKey, onWait: () -> Void = {}, _ body: () async throws -> Result
    ) async throws -> Result {
        let offset = key.lockOffset
        let deadline = ContinuousClock.now + timeout
        var hasWaited = false
        func wait() {
            if !hasWaited { onWait() }
            hasWaited = true
        }
        if state.withLock({ $0.queues[offset] != nil }) { wait() }
        guard await enter(offset, until: deadline) else { throw Self.busy }
        defer { leave(offset) }
        let file = try currentFile(for: offset)
        var isHead = try file.claimIfFree(key.queueOffset)
        if !isHead {
            wait()
            isHead = try await file.claimHead(key.queueOffset, of: offset, until: deadline)
        }
        if isHead {
            defer { file.free(key.queueOffset) }
            if try !file.claimIfFree(offset) {
                wait()
                try await file.claim(offset, until: deadline)
            }
        }
        defer { file.free(offset) }
        state.withLock { $0.queues[offset]?.file = file }
        return try await body()
    }

    /// Fails if the session is no longer locked by this process: the file on whose byte it is locked was removed or replaced, so that another
    /// process may have locked it in the new one; or this machine was cut off from a network file system, which then frees its locks. A lock
    /// that nobody else has taken meanwhile is taken again.
    func checkStillHeld(_ key: SessionKey) throws(SessionError) {
        let offset = key.lockOffset
        let path = path(for: offset)
        let held = state.withLock { $0.queues[offset]?.file }
        let status = try attempt("look at \(path)") { () throws(Errno) in try system.statusIfThere(path) }
        guard let held, let status, held.isSame(status) else {
            throw SessionError(.storageUnavailable, "\(path) was removed or replaced during a turn of session \(key)")
        }
        guard try held.renew(offset) else {
            throw SessionError(.storageUnavailable, "The lock of session \(key) was lost during a turn, and another process has it")
        }
    }

    /// The file of a session's lock: if a turn of it runs in this process, the one that it holds.
    func file(of key: SessionKey) throws(SessionError) -> LockFile {
        let offset = key.lockOffset
        if let held = state.withLock({ $0.queues[offset]?.file }) { return held }
        return try currentFile(for: offset)
    }

    /// Runs `body` if no turn of the session runs, in any process, or waits in this one. Otherwise returns nil.
    func withLockIfFree<Result>(_ key: SessionKey, _ body: () throws(SessionError) -> Result) throws(SessionError) -> Result? {
        let offset = key.lockOffset
        let isFree = state.withLock { state in
            guard state.queues[offset] == nil else { return false }
            state.queues[offset] = Queue()
            return true
        }
        guard isFree else { return nil }
        defer { leave(offset) }
        let file = try currentFile(for: offset)
        guard try file.claimIfFree(offset) else { return nil }
        defer { file.free(offset) }
        return try body()
    }

    /// The number of turns in this process's queue for a session.
    func waiterCount(_ key: SessionKey) -> Int { state.withLock { $0.queues[key.lockOffset]?.waiters.count ?? 0 } }

    static var busy: SessionError {
        SessionError(.busy, "The turn before this one has not ended yet")
    }

    /// The file of a byte, by the four highest of its 63 bits.
    func path(for offset: Int64) -> FilePath { FilePath("\(path)-\(String(offset >> 59, radix: 16))") }

    /// The file that has the path now: somebody may move the data directory away and put another one in its place.
    private func currentFile(for offset: Int64) throws(SessionError) -> LockFile {
        let path = path(for: offset)
        if let file = state.withLock({ $0.files[offset >> 59] }), let status = try? system.statusIfThere(path), file.isUsable(status) {
            return file
        }
        if offset >> 59 == 0 {
            for directory in directories {
                try attempt("create the directory \(directory)") { () throws(Errno) in try system.ensureDirectory(directory) }
            }
        } else {
            // The directories were created with the first file. If only they are missing, somebody has moved them away.
            try check()
        }
        let file = try LockFile(path, in: system)
        state.withLock { $0.files[offset >> 59] = file }
        return file
    }

    private func enter(_ offset: Int64, until deadline: ContinuousClock.Instant) async -> Bool {
        await withCheckedContinuation { continuation in
            let (isFree, watches) = state.withLock { state in
                guard state.queues[offset] != nil else {
                    state.queues[offset] = Queue()
                    return (true, false)
                }
                state.queues[offset]?.waiters.append(Waiter(deadline: deadline, continuation: continuation))
                defer { state.isWatched = true }
                return (false, !state.isWatched)
            }
            if isFree { continuation.resume(returning: true) }
            // One task for all: a timer of its own would stay until the deadline, though its turn was served long before (Task.sleep keeps
            // its timer even when it is cancelled).
            guard watches else { return }
            Task { [weak self] in
                while let next = self?.endExpiredWaits() { try? await Task.sleep(until: next, clock: .continuous) }
            }
        }
    }

    private func leave(_ offset: Int64) {
        let next = state.withLock { state in
            let next = state.queues[offset]?.waiters.popFirst()
            if next == nil { state.queues[offset] = nil }
            return next
        }
        next?.continuation.resume(returning: true)
    }

    /// Ends the waits whose time is over. Returns when to do so again; nil if nobody waits.
    private func endExpiredWaits() -> ContinuousClock.Instant? {
        let now = ContinuousClock.now
        let (expired, next) = state.withLock { state in
            var expired: [Waiter] = []
            var next: ContinuousClock.Instant?
            for offset in state.queues.keys {
                // All wait equally long, so the first ones end first.
                while let first = state.queues[offset]?.waiters.first, first.deadline <= now {
                    expired.append(first)
                    state.queues[offset]?.waiters.removeFirst()
                }
                if let deadline = state.queues[offset]?.waiters.first?.deadline { next = min(next ?? deadline, deadline) }
            }
            state.isWatched = next != nil
            return (expired, next)
        }
        for waiter in expired { waiter.continuation.resume(returning: false) }
        // Not more often than it matters, as it looks at every queue.
        return next.map { max($0, now + .milliseconds(10)) }
    }
}
