/// Waits for a condition, with a deadline: false where it did not come true in time.
func eventually(within limit: Duration = .seconds(120), _ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { return false }
        // Gives the thread to other tests until the next look.
        try await Task.sleep(for: .milliseconds(2))
    }
    return true
}
