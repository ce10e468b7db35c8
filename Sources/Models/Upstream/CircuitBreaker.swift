import Text

/// Keeps requests from a dead upstream. It opens if the upstream cannot be reached some times in a row, or if as many conversations in a
/// row fail: one client's requests may make a healthy upstream fail, and must not stop everyone else's. While it is open, a cheap probe now
/// and then decides whether it closes again.
struct CircuitBreaker: Equatable {
    enum Admission: Equatable {
        /// The attempt may be made.
        case admitted
        /// The attempt may be made if a probe succeeds.
        case probe
        /// No attempt may be made for this long.
        case refused(Duration)
    }

    /// The result of an attempt.
    enum Outcome: Equatable {
        /// The upstream works, even if it refuses a request.
        case success
        /// The upstream cannot be reached.
        case unreachable
        /// The upstream failed to answer this conversation.
        case failure(conversation: TextKey)
        /// The attempt was cancelled.
        case unknown
    }

    /// The number of failures in a row that open the circuit. Those of one conversation count once.
    static let threshold = 5
    /// The pause before the first probe. It doubles with each probe that fails.
    static let firstPause = Duration.seconds(1)
    /// The longest pause between probes.
    static let longestPause = Duration.seconds(60)

    private var unreachable = 0
    private var failed: Set<TextKey> = []
    private var pause = firstPause
    /// The time of the next probe; nil while the circuit is closed.
    private var nextProbe: ContinuousClock.Instant?
    private var isProbing = false

    mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        guard let nextProbe else { return .admitted }
        guard !isProbing else { return .refused(pause) }
        guard now >= nextProbe else { return .refused(now.duration(to: nextProbe)) }
        isProbing = true
        return .probe
    }

    mutating func record(_ outcome: Outcome, at now: ContinuousClock.Instant) {
        switch outcome {
        case .success: return self = CircuitBreaker()
        case .unknown: return
        // An attempt that began before the circuit opened says nothing new.
        case _ where nextProbe != nil: return
        case .unreachable: unreachable += 1
        case .failure(let conversation): failed.insert(conversation)
        }
        if unreachable >= Self.threshold || failed.count >= Self.threshold { nextProbe = now + pause }
    }

    /// Records the result of a probe, whose failure may be anyone's.
    mutating func recordProbe(_ outcome: Outcome, at now: ContinuousClock.Instant) {
        isProbing = false
        switch outcome {
        case .success: self = CircuitBreaker()
        case .unknown: break
        case .unreachable, .failure:
            pause = min(pause * 2, Self.longestPause)
            nextProbe = now + pause
        }
    }
}
