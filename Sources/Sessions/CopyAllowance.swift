import Concurrency

/// Limits what copies of sessions write to the disk: a request of a few bytes may ask for one of many megabytes.
package final class CopyAllowance: Sendable {
    /// In bytes: what may be written at once, and a second from then on. Shared blocks do not count.
    static let (burst, rate) = (128 << 20, 4 << 20)
    /// In seconds: how long a client should wait before it tries again.
    package static let period = 10

    private let state = Mutex((left: burst, at: ContinuousClock.now))

    /// Throws `tooManyCopies` if copies have written too much. One that is larger than what is left is allowed, and the next ones wait longer.
    func check(now: ContinuousClock.Instant = .now) throws(SessionError) {
        let isLeft = state.withLock { state in
            let seconds = Int(clamping: min(86_400, state.at.duration(to: now).components.seconds))
            if seconds > 0 { state = (min(Self.burst, state.left + seconds * Self.rate), now) }
            return state.left > 0
        }
        guard isLeft else { throw SessionError(.tooManyCopies, "Copies of sessions have written too much to the disk") }
    }

    func take(_ byteCount: Int) { state.withLock { $0.left -= min(byteCount, 1 << 40) } }
}
