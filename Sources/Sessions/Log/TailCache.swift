import Concurrency
import Files

/// Keeps the tails of recently used session files, so that a turn need not read them again. Bounded in bytes. With `durability` `sync` these
/// states of the files are on the disk.
final class TailCache: Sendable {
    private struct Entry {
        var status: FileStatus
        var tail: SessionTail
        var lastUse: Int
    }

    private struct State {
        var entries: [SessionKey: Entry] = [:]
        var byteCount = 0
        var uses = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: in bytes.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Removes and returns a session's tail; nil if the file has changed. The caller holds the session's lock, and puts the new tail back.
    func take(_ key: SessionKey, _ status: FileStatus) -> SessionTail? {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: key) else { return nil }
            state.byteCount -= entry.tail.byteCount
            return entry.status == status ? entry.tail : nil
        }
    }

    /// Returns a session's tail; nil if the file has changed.
    func peek(_ key: SessionKey, _ status: FileStatus) -> SessionTail? {
        state.withLock { $0.entries[key].flatMap { $0.status == status ? $0.tail : nil } }
    }

    /// True if a session's tail is that of this state of its file.
    func has(_ key: SessionKey, _ status: FileStatus) -> Bool { state.withLock { $0.entries[key]?.status == status } }

    /// Keeps a tail for the file's present state. If the cache is full, the least recently used eighth is dropped.
    func put(_ key: SessionKey, _ status: FileStatus, _ tail: SessionTail) {
        guard tail.byteCount <= capacity / 2 else { return }
        state.withLock { state in
            state.uses += 1
            state.byteCount += tail.byteCount
            if let old = state.entries.updateValue(Entry(status: status, tail: tail, lastUse: state.uses), forKey: key) {
                state.byteCount -= old.tail.byteCount
            }
            guard state.byteCount > capacity else { return }
            for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[key] = nil
                state.byteCount -= entry.tail.byteCount
                if state.byteCount <= capacity / 8 * 7 { break }
            }
        }
    }
}

/// The remembered end of a session's file.
struct SessionTail: Sendable {
    var window: ContextWindow
    var lastLine: LastLine
    /// True once ids lead to the session.
    var hasLocator = false
    /// The day's idempotency keys; nil until a request asks for one.
    var idempotencyIndex: IdempotencyIndex?

    /// The memory that it takes, roughly.
    var byteCount: Int { window.byteCount + (idempotencyIndex?.byteCount ?? 0) }
}
