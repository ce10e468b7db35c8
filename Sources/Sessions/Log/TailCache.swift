import Concurrency

/// Recent tails of session files, so that a turn need not read them again. Bounded in bytes.
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

    /// - Parameter capacity: the most bytes that are kept.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Takes a session's tail out; the caller has the session's lock and puts back what it becomes. Nil where the file has changed.
    func take(_ key: SessionKey, _ status: FileStatus) -> SessionTail? {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: key) else { return nil }
            state.byteCount -= entry.tail.byteCount
            return entry.status == status ? entry.tail : nil
        }
    }

    /// A session's tail, which stays. Nil where the file has changed.
    func peek(_ key: SessionKey, _ status: FileStatus) -> SessionTail? {
        state.withLock { $0.entries[key].flatMap { $0.status == status ? $0.tail : nil } }
    }

    /// Keeps a tail for the file's present state. The least recently used ones make room, an eighth of the capacity at a time.
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

/// What is remembered of the end of a session's file.
struct SessionTail: Sendable {
    /// What a model may see.
    var window: ContextWindow
    /// The day's idempotency keys; nil until a request asks for one.
    var idempotencyIndex: IdempotencyIndex?

    /// What it takes in memory, roughly.
    var byteCount: Int { window.byteCount + (idempotencyIndex?.byteCount ?? 0) }
}
