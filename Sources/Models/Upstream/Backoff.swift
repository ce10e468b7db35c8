/// How long to wait before an upstream is asked once more: exponential, with full jitter, and at least what the upstream asks for.
struct Backoff {
    /// The longest pause before the first retry; each further one is up to twice as long.
    static let first = Duration.milliseconds(500)
    /// The longest pause of its own.
    static let longest = Duration.seconds(8)

    /// The pause before a retry.
    ///
    /// - Parameters:
    ///   - retry: 0 for the first one.
    ///   - retryAfter: what the upstream asks for, in seconds.
    ///   - random: from 0 to 1.
    static func pause(before retry: Int, retryAfter: Int?, random: Double) -> Duration {
        let jitter = min(longest, first * (1 << min(retry, 10))) * random
        // The jitter comes on top: those who were told the same time do not come at the same time.
        return .seconds(retryAfter ?? 0) + jitter
    }
}
