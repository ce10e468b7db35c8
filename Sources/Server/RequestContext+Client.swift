/// Nobody reads the response any more.
struct ClientLeft: Error {}

extension RequestContext {
    /// The result of work that is of no use without its client: it is cancelled if the client leaves, whatever the policy says of turns.
    package func whileClientStays<Result: Sendable>(
        _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Result.self) { group in
            group.addTask(operation: work)
            group.addTask {
                while !delivery.hasClientLeft { try await Task.sleep(for: Self.clientInterval) }
                throw ClientLeft()
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw CancellationError() }
            return result
        }
    }

    /// How often the client is looked for.
    private static var clientInterval: Duration { .milliseconds(200) }
}
