/// A state that any thread may change, and that one task at a time waits for.
package struct Awaited<State: Sendable>: Sendable {
    @usableFromInline
    struct Content: Sendable {
        @usableFromInline var state: State
        @usableFromInline var waiter: CheckedContinuation<Void, Never>?

        @inlinable
        init(_ state: State) { self.state = state }
    }

    @usableFromInline let content: Mutex<Content>

    @inlinable
    package init(_ state: State) { content = Mutex(Content(state)) }

    /// Looks at the state, or changes it so that nobody need know.
    @inlinable
    package func withLock<Result>(_ body: (inout State) -> Result) -> Result { content.withLock { body(&$0.state) } }

    /// Changes the state, and lets the task that waits look at it.
    @inlinable
    package func change<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, waiter) = content.withLock { content in
            let result = body(&content.state)
            defer { content.waiter = nil }
            return (result, content.waiter)
        }
        waiter?.resume()
        return result
    }

    /// What `take` makes of the state, once it makes something of it. Waits for changes in between.
    @inlinable
    package func next<Result>(_ take: (inout State) -> Result?) async -> Result {
        while true {
            var taken = withLock(take)
            if let taken { return taken }
            await withCheckedContinuation { continuation in
                taken = content.withLock { content in
                    let taken = take(&content.state)
                    if taken == nil { content.waiter = continuation }
                    return taken
                }
                if taken != nil { continuation.resume() }
            }
            if let taken { return taken }
        }
    }
}
