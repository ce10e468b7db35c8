import Locking

/// Recent windows, so that a turn need not read the file's tail again. Bounded in bytes.
final class WindowCache: Sendable {
    /// What tells one state of a file from another. Any process's write changes size or time.
    struct Identity: Equatable, Sendable {
        var device: UInt64
        var inode: UInt64
        var size: Int
        var modifiedSeconds: Int
        var modifiedNanoseconds: Int
    }

    private struct Entry {
        var identity: Identity
        var window: Window
        var lastUse: Int
    }

    private struct State {
        var entries: [SessionKey: Entry] = [:]
        var byteCount = 0
        var uses = 0
    }

    private let capacity: Int
    private let state = Mutex(State())

    /// - Parameter capacity: the most bytes of messages that are kept.
    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Takes a session's window out; the caller has the session's lock and puts back what it becomes. Nil where the file has changed.
    func take(_ key: SessionKey, _ identity: Identity) -> Window? {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: key) else { return nil }
            state.byteCount -= entry.window.byteCount
            return entry.identity == identity ? entry.window : nil
        }
    }

    /// Keeps a window for the file's present state. The least recently used ones make room, an eighth of the capacity at a time.
    func put(_ key: SessionKey, _ identity: Identity, _ window: Window) {
        guard window.byteCount <= capacity / 8 else { return }
        state.withLock { state in
            state.uses += 1
            state.byteCount += window.byteCount
            if let old = state.entries.updateValue(Entry(identity: identity, window: window, lastUse: state.uses), forKey: key) {
                state.byteCount -= old.window.byteCount
            }
            guard state.byteCount > capacity else { return }
            for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
                state.entries[key] = nil
                state.byteCount -= entry.window.byteCount
                if state.byteCount <= capacity / 8 * 7 { break }
            }
        }
    }
}
