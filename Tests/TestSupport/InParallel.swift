import Concurrency

/// Runs `body` on as many threads at once, and gives what each had to say.
package func inParallel<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) throws -> Value) throws -> [Value] {
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
