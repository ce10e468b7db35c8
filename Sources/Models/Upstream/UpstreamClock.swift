/// An upstream model's source of time and random numbers. Tests have their own.
struct UpstreamClock: Sendable {
    var now: @Sendable () -> ContinuousClock.Instant = { .now }
    /// Waits without holding a thread; throws if the task is cancelled.
    var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    /// A number from 0 to 1.
    var random: @Sendable () -> Double = { Double.random(in: 0...1) }
}
