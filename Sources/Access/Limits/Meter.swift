import Concurrency
import Crypto
import FoundationEssentials

/// Counts one request against its key's limits.
package final class Meter: Sendable {
    /// What a request counts as.
    package enum Kind: Sendable {
        /// Nothing: it only asks what is left.
        case question
        case request
        /// A request that asks a model.
        case chat
    }

    private struct State {
        var place: Int?
        /// True once the request is counted.
        var isCounted = false
        var hasEnded = false
        /// How many have to say that the request has ended.
        var holders = 1
        var reserved: (amount: LimitAmount, periods: LimitPeriods)?
    }

    private let limits: KeyLimits
    private let now: @Sendable () -> Date
    /// Nil if it cannot be opened, or if there are no limits here.
    private let file: LimitFile?
    private let counts: LimitCounts
    private let state: Mutex<State>
    private let ownRefusal: LimitError?
    private let next: Meter?

    /// Why the request must not go on; nil if it may.
    package var refusal: LimitError? { ownRefusal ?? next?.refusal }

    /// Counts a request of a key.
    package convenience init(_ kind: Kind, of key: APIKey, in store: LimitStore) { self.init(kind, key.id, key.limits, in: store) }

    /// Counts a request of a visitor with a publishable key. The budget is the key's, and the other limits hold for each visitor and for each
    /// address, since anybody can be any number of visitors.
    package convenience init(_ kind: Kind, of key: APIKey, visitor: String, address: String, in store: LimitStore) {
        var (each, whole) = (key.limits, KeyLimits())
        (each.budgetPerMonth, whole.budgetPerMonth) = (nil, key.limits.budgetPerMonth)
        let (keyID, key) = (key.id, Meter(kind, key.id, whole, in: store))
        let place = Meter(kind, Self.share(of: keyID, "a", ClientNetwork(address).text), each, in: store, next: key)
        self.init(kind, Self.share(of: keyID, "v", visitor), each, in: store, next: place)
    }

    /// One of 4096 counts, so that no crowd of visitors fills the disk. Two that share one share its limits.
    private static func share(of id: String, _ kind: String, _ name: String) -> String {
        "\(id)-\(kind)\(SHA256.hexadecimal(of: name.utf8).prefix(3))"
    }

    /// Looks whether anything is left for a request, and takes its place among the chats at once.
    ///
    /// - Parameter next: counts the request, too: it must pass there as well.
    private init(_ kind: Kind, _ id: String, _ limits: KeyLimits, in store: LimitStore, next: Meter? = nil) {
        (self.limits, now, self.next) = (limits, store.now, next)
        guard !limits.isEmpty else {
            (file, counts, state, ownRefusal) = (nil, LimitCounts(at: 0), Mutex(State(isCounted: true)), nil)
            return
        }
        let file: LimitFile
        do throws(LimitError) {
            file = try store.file(of: id)
        } catch {
            (self.file, counts, state) = (nil, LimitCounts(at: 0), Mutex(State(isCounted: true)))
            ownRefusal = kind == .question ? nil : error
            return
        }
        self.file = file
        do throws(LimitError) {
            let state: State
            (counts, state) = try Self.begin(kind, limits, file)
            (self.state, ownRefusal) = (Mutex(state), nil)
        } catch {
            (counts, state, ownRefusal) = (file.counts, Mutex(State(isCounted: true)), error)
        }
    }

    private static func begin(_ kind: Kind, _ limits: KeyLimits, _ file: LimitFile) throws(LimitError) -> (LimitCounts, State) {
        switch kind {
        case .question: return (file.counts, State(isCounted: true))
        case .request:
            let counts = try file.change { counts throws(LimitError) in try limits.count(in: &counts) }
            return (counts, State(isCounted: true))
        case .chat:
            // It is counted with what it reserves: one write instead of two.
            var counts = file.counts
            _ = try limits.count(in: &counts)
            try limits.expectRoom(counts)
            guard let count = limits.parallel else { return (counts, State()) }
            guard let place = try file.takePlace(of: count) else { throw .parallel }
            return (counts, State(place: place))
        }
    }

    /// Reserves what a turn may use, before its model is asked. A turn goes on while anything is left, so that one may use more than that.
    package func reserve(_ amount: LimitAmount) throws(LimitError) {
        if let file { try reserve(amount, in: file) }
        do throws(LimitError) {
            try next?.reserve(amount)
        } catch {
            settle(LimitAmount(tokens: 0, cost: 0))
            throw error
        }
    }

    private func reserve(_ amount: LimitAmount, in file: LimitFile) throws(LimitError) {
        let (limits, isCounted) = (limits, state.withLock(\.isCounted))
        let periods = try file.change { counts throws(LimitError) in
            if !isCounted { _ = try limits.count(in: &counts) }
            try limits.expectRoom(counts)
            // What nothing would settle must not be counted: a limit that is set later would find it.
            if limits.countsTurns { counts.add(amount) }
            return counts.periods
        }
        state.withLock { ($0.reserved, $0.isCounted) = (limits.countsTurns ? (amount, periods) : nil, true) }
    }

    /// Counts what the turn used in place of what was reserved. Does nothing if nothing is reserved.
    package func settle(_ amount: LimitAmount) {
        let reserved = state.withLock { state in
            defer { state.reserved = nil }
            return state.reserved
        }
        next?.settle(amount)
        guard let file, let reserved else { return }
        file.settle(LimitFile.Settlement(amount: amount, reserved: reserved.amount, periods: reserved.periods))
    }

    /// Says that the request's work goes on after its response: `end` has to be called once more.
    package func hold() {
        state.withLock { $0.holders += 1 }
        next?.hold()
    }

    /// Ends the request: it is counted if it reserved nothing, and gives its place among the chats at once to others.
    package func end() {
        next?.end()
        guard
            state.withLock({
                $0.holders -= 1; return $0.holders <= 0
            })
        else { return }
        let ended = state.withLock { state in
            defer { (state.place, state.isCounted, state.hasEnded) = (nil, true, true) }
            return state
        }
        guard let file, !ended.hasEnded else { return }
        if let place = ended.place { file.free(place: place) }
        if !ended.isCounted {
            let limits = limits
            _ = try? file.change { counts throws(LimitError) in try limits.count(in: &counts) }
        }
    }

    deinit {
        state.withLock { $0.holders = 1 }
        end()
    }

    // MARK: What is left

    /// The limits as they are shown in headers: what there is, what is left, and when it begins anew.
    package var headers: [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = []
        func add(_ name: String, _ limit: Int, used: Int, reset: Double) {
            headers += [
                ("x-ratelimit-limit-" + name, String(limit)), ("x-ratelimit-remaining-" + name, String(max(0, limit - used))),
                ("x-ratelimit-reset-" + name, Self.duration(reset)),
            ]
        }
        if let rpm = limits.rpm { add("requests", rpm, used: counts.requests, reset: secondsToMinute) }
        // The one that ends first; a client waits for that one.
        if let tpm = limits.tpm {
            add("tokens", tpm, used: counts.tokens, reset: secondsToMinute)
        } else if let tokens = limits.tokensPerDay {
            add("tokens", tokens, used: counts.dayTokens, reset: secondsToDay)
        }
        return headers.isEmpty ? next?.headers ?? [] : headers
    }

    /// What is left of the limits, under their names. The chats at once are not counted.
    package var rest: KeyLimits {
        var rest = next?.rest ?? KeyLimits()
        if let limit = limits.rpm { rest.rpm = max(0, limit - counts.requests) }
        if let limit = limits.tpm { rest.tpm = max(0, limit - counts.tokens) }
        if let limit = limits.tokensPerDay { rest.tokensPerDay = max(0, limit - counts.dayTokens) }
        if let limit = limits.budgetPerMonth { rest.budgetPerMonth = max(0, limit - counts.cost) }
        return rest
    }

    /// Whole seconds until the minute ends, at least 1.
    package var retryAfter: Int { max(1, Int(secondsToMinute.rounded(.up))) }

    private var secondsToMinute: Double { Self.rest(now().timeIntervalSince1970, of: 60) }
    private var secondsToDay: Double { Self.rest(now().timeIntervalSince1970, of: 86_400) }

    private static func rest(_ seconds: Double, of period: Double) -> Double {
        period - seconds.truncatingRemainder(dividingBy: period)
    }

    /// A duration as Go writes it: `120ms`, `1m3s`, `23h0m5s`.
    static func duration(_ seconds: Double) -> String {
        if seconds < 1 { return "\(Int((max(0, seconds) * 1000).rounded(.up)))ms" }
        let whole = Int(min(seconds, 1e9).rounded(.up))
        let (hours, minutes, rest) = (whole / 3600, whole / 60 % 60, whole % 60)
        if hours > 0 { return "\(hours)h\(minutes)m\(rest)s" }
        return minutes > 0 ? "\(minutes)m\(rest)s" : "\(rest)s"
    }
}

extension KeyLimits {
    /// True if it matters what a turn uses.
    fileprivate var countsTurns: Bool { tpm != nil || tokensPerDay != nil || budgetPerMonth != nil }

    /// Counts a request; fails if none is left.
    ///
    /// - Returns: the counts.
    fileprivate func count(in counts: inout LimitCounts) throws(LimitError) -> LimitCounts {
        if let rpm, counts.requests >= rpm { throw .requests }
        counts.countRequest()
        return counts
    }

    /// Fails if nothing is left for a turn.
    fileprivate func expectRoom(_ counts: LimitCounts) throws(LimitError) {
        if let budgetPerMonth, counts.cost >= budgetPerMonth { throw .budget }
        if let tokensPerDay, counts.dayTokens >= tokensPerDay { throw .dayTokens }
        if let tpm, counts.tokens >= tpm { throw .tokens }
    }
}
