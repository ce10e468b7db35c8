/// Keeps a dead upstream from being asked: after some failures in a row it opens, and one probe after a pause tells whether it may close.
struct CircuitBreaker: Equatable {
    /// What an attempt may do.
    enum Admission: Equatable {
        /// Ask; as the probe, where the circuit is open.
        case admitted(isProbe: Bool)
        /// Do not ask for so long.
        case refused(Duration)
    }

    /// How an attempt ended.
    enum Outcome {
        /// The upstream works, even where it refuses a request.
        case success
        case failure
        /// Nobody knows: it was cancelled.
        case unknown
    }

    /// So many failures in a row open it.
    static let threshold = 5
    /// The pause before the first probe; it doubles with each probe that fails.
    static let firstPause = Duration.seconds(1)
    /// The longest pause between probes.
    static let longestPause = Duration.seconds(60)

    private var failures = 0
    private var pause = firstPause
    /// Until when nobody is let through; nil while it is closed.
    private var opensAgain: ContinuousClock.Instant?
    private var isProbing = false

    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        guard let opensAgain else { return .admitted(isProbe: false) }
        guard !isProbing else { return .refused(pause) }
        guard now >= opensAgain else { return .refused(now.duration(to: opensAgain)) }
        isProbing = true
        return .admitted(isProbe: true)
    }

    mutating func record(_ outcome: Outcome, isProbe: Bool, at now: ContinuousClock.Instant) {
        if isProbe { isProbing = false }
        switch outcome {
        case .success: self = CircuitBreaker()
        case .unknown: break
        case .failure where isProbe:
            pause = min(pause * 2, Self.longestPause)
            opensAgain = now + pause
        case .failure:
            // Those that were on their way when it opened say nothing new.
            guard opensAgain == nil else { return }
            failures += 1
            if failures >= Self.threshold { opensAgain = now + pause }
        }
    }
}
