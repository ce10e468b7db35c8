/// Keeps turns from waiting for an upstream that is dead: after some failures in a row it is not asked for a while, then by one turn, and
/// where that fails, not for twice as long. The clock is passed in.
struct CircuitBreaker {
    private var failures = 0
    private var pause = firstPause
    private var opensAgain: ContinuousClock.Instant?
    private var isProbing = false

    /// So many failures in a row open the circuit.
    static let threshold = 5
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    /// Whether the upstream may be asked now; else how long it is left alone.
    mutating func admit(at now: ContinuousClock.Instant) -> Duration? {
        guard let opensAgain else { return nil }
        guard now >= opensAgain, !isProbing else { return max(.seconds(1), opensAgain - now) }
        isProbing = true
        return nil
    }

    /// The upstream works: whatever it said.
    mutating func succeed() { self = CircuitBreaker() }

    /// The upstream does not work.
    mutating func fail(at now: ContinuousClock.Instant) {
        failures += 1
        if isProbing { pause = min(pause * 2, Self.longestPause) }
        isProbing = false
        if failures >= Self.threshold { opensAgain = now + pause }
    }

    /// The turn was given up: nothing is known of the upstream.
    mutating func abandon() { isProbing = false }
}
