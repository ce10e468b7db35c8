/// What an upstream model knows of time and chance; tests have their own.
struct UpstreamClock: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Waits, without a thread; throws where the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// A number from 0 to 1.
    var random: @Sendable () -> Double = { Double.random(in: 0...1) }
}
