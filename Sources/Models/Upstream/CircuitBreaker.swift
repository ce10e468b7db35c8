/// Keeps requests from a dead upstream. After some failures in a row it opens; after a pause one probe decides whether it closes again.
struct CircuitBreaker: Equatable {
    enum Admission: Equatable {
        /// The attempt may be made. It is the probe if the circuit is open.
        case admitted(isProbe: Bool)
        /// No attempt may be made for this long.
        case refused(Duration)
    }

    /// The result of an attempt.
    enum Outcome {
        /// The upstream works, even if it refuses a request.
        case success
        case failure
        /// The attempt was cancelled.
        case unknown
    }

    /// The number of failures in a row that open the circuit.
    static let threshold = 5
    /// The pause before the first probe. It doubles with each probe that fails.
    static let firstPause = Duration.seconds(1)
    /// The longest pause between probes.
    static let longestPause = Duration.seconds(60)

    private var failures = 0
    private var pause = firstPause
    /// The time of the next probe; nil while the circuit is closed.
    private var nextProbe: ContinuousClock.Instant?
    private var isProbing = false

    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        guard let nextProbe else { return .admitted(isProbe: false) }
        guard !isProbing else { return .refused(pause) }
        guard now >= nextProbe else { return .refused(now.duration(to: nextProbe)) }
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
            nextProbe = now + pause
        case .failure:
            // An attempt that began before the circuit opened says nothing new.
            guard nextProbe == nil else { return }
            failures += 1
            if failures >= Self.threshold { nextProbe = now + pause }
        }
    }
}
