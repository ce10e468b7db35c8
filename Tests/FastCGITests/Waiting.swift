import Glibc
import Locking

@testable import FastCGI

/// How long a test waits for what must happen. Long, because the sanitizer and other programs slow down everything.
let patience = Duration.seconds(120)

/// Whether a condition comes true in time.
func eventually(within time: Duration = patience, _ condition: () throws -> Bool) rethrows -> Bool {
    let deadline = ContinuousClock.now + time
    while try !condition() {
        guard ContinuousClock.now < deadline else { return false }
        poll(nil, 0, 1)
    }
    return true
}

/// Runs `body` on as many threads at once, and gives what each had to say.
func inParallel<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
    let results = Log<(Int, Result<Value, any Error>)>()
    let ended = Semaphore()
    for index in 0..<count {
        try startThread {
            results.append((index, Result { try body(index) }))
            ended.signal()
        }
    }
    for _ in 0..<count { ended.wait() }
    return try results.entries.sorted { $0.0 < $1.0 }.map { try $0.1.get() }
}

/// What handlers or threads saw, in order.
final class Log<Entry: Sendable>: Sendable {
    private let state = Mutex<[Entry]>([])

    var entries: [Entry] { state.withLock(\.self) }

    func append(_ entry: Entry) { state.withLock { $0.append(entry) } }
}

/// Holds handlers, without a thread, until it is opened.
final class Gate: Sendable {
    private let state = Mutex<(isOpen: Bool, waiting: [CheckedContinuation<Void, Never>])>((false, []))

    var waiting: Int { state.withLock(\.waiting.count) }

    func pass() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    func open() {
        let waiting = state.withLock { state in
            defer { state = (true, []) }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
