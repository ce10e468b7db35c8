import Concurrency

/// What handlers or threads saw, in order.
package final class Log<Entry: Sendable>: Sendable {
    private let state = Mutex<[Entry]>([])

    package init() {}

    package var entries: [Entry] { state.withLock(\.self) }

    package func append(_ entry: Entry) { state.withLock { $0.append(entry) } }
}
