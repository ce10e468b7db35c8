import DequeModule
import Glibc
import Locking
import SystemPackage

/// One turn at a time per session: first come, first served inside the process, and one process at a time.
///
/// Between processes it is an open-file-description lock (fcntl(2), "Open file description locks") on one byte of one file: nothing
/// is left behind, and the kernel frees the lock of a process that dies. Inside the process all turns share the description, so it is a
/// queue that keeps them apart; it goes by the same byte, or two sessions of one hash would free each other's lock.
final class SessionLock: Sendable {
    private struct Waiter {
        var id: UInt64
        var continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var waiters: [Int64: Deque<Waiter>] = [:]
        var nextID: UInt64 = 0
    }

    private let file: File
    private let timeout: Duration
    private let state = Mutex(State())

    init(_ path: FilePath, timeout: Duration) throws(SessionError) {
        do throws(Errno) {
            file = try File(path, O_RDWR | O_CREAT)
        } catch {
            throw SessionError("open \(path)", error)
        }
        self.timeout = timeout
    }

    /// Runs `body` while no other turn of the session runs, in any process. Waits at most `session.busyTimeout` for that.
    func withLock<Result: Sendable>(_ key: SessionKey, _ body: () async throws -> Result) async throws -> Result {
        let offset = key.lockOffset
        let deadline = ContinuousClock.now + timeout
        guard await enter(offset) else { throw Self.busy }
        defer { leave(offset) }
        var pause = Duration.milliseconds(1)
        while try !claim(offset, CInt(F_WRLCK)) {
            guard ContinuousClock.now < deadline else { throw Self.busy }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(20))
        }
        defer { _ = try? claim(offset, CInt(F_UNLCK)) }
        return try await body()
    }

    /// How many turns of a session stand in this process's queue.
    func waiterCount(_ key: SessionKey) -> Int { state.withLock { $0.waiters[key.lockOffset]?.count ?? 0 } }

    private static var busy: SessionError {
        SessionError(.busy, "The turn before this one has not ended yet")
    }

    private func enter(_ offset: Int64) async -> Bool {
        await withCheckedContinuation { continuation in
            let id: UInt64? = state.withLock { state in
                guard state.waiters[offset] != nil else {
                    state.waiters[offset] = []
                    return nil
                }
                state.nextID += 1
                state.waiters[offset]?.append(Waiter(id: state.nextID, continuation: continuation))
                return state.nextID
            }
            guard let id else { return continuation.resume(returning: true) }
            Task { [timeout] in
                try? await Task.sleep(for: timeout)
                self.giveUp(offset, id)
            }
        }
    }

    private func leave(_ offset: Int64) {
        let next = state.withLock { state in
            let next = state.waiters[offset]?.popFirst()
            if next == nil { state.waiters[offset] = nil }
            return next
        }
        next?.continuation.resume(returning: true)
    }

    private func giveUp(_ offset: Int64, _ id: UInt64) {
        let waiter = state.withLock { state in
            state.waiters[offset]?.firstIndex { $0.id == id }.flatMap { state.waiters[offset]?.remove(at: $0) }
        }
        waiter?.continuation.resume(returning: false)
    }

    private func claim(_ offset: Int64, _ type: CInt) throws(SessionError) -> Bool {
        var range = flock(l_type: Int16(type), l_whence: Int16(SEEK_SET), l_start: Int(offset), l_len: 1, l_pid: 0)
        do throws(Errno) {
            try systemCall { fcntl(file.descriptor, openFileDescriptionSetLock, &range) }
            return true
        } catch {
            if error == .resourceTemporarilyUnavailable || error == .permissionDenied { return false }
            throw SessionError("lock the session", error)
        }
    }

    /// F_OFD_SETLK (Linux, fcntl.h), which the Glibc module leaves out.
    private let openFileDescriptionSetLock: CInt = 37
}
