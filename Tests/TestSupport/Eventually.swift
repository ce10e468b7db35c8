/// Waits for a condition. Returns false if it did not come true within the limit, which is long because the sanitizer, other tests and other
/// programs slow down everything.
package func eventually(within limit: Duration = .seconds(600), _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { return false }
        // Gives the thread to other tests until the next look.
        try await Task.sleep(for: .milliseconds(2))
    }
    return true
}
