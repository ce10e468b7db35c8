/// The pause before an upstream is asked again: exponential with full jitter, on top of what the upstream demands.
struct Backoff {
    /// The maximum before the first retry. It doubles with each further one.
    static let first = Duration.milliseconds(500)
    /// The maximum, without what the upstream demands.
    static let longest = Duration.seconds(8)

    /// The pause before a retry.
    ///
    /// - Parameters:
    ///   - retry: 0 for the first one.
    ///   - retryAfter: the pause that the upstream demands, in seconds.
    ///   - random: from 0 to 1.
    static func pause(before retry: Int, retryAfter: Int?, random: Double) -> Duration {
        let jitter = min(longest, first * (1 << min(retry, 10))) * random
        // The jitter is added, so that clients with the same Retry-After do not all come back at the same moment.
        return .seconds(retryAfter ?? 0) + jitter
    }
}
