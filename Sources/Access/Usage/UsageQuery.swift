package import FoundationEssentials
import Text

/// What usage is summed by.
package enum UsageGrouping: String, Sendable, CaseIterable {
    case key
    case day
    case model
    case session
}

/// Which turns are summed, and how.
package struct UsageQuery: Sendable {
    /// The first day (UTC), such as `2026-11-01`.
    let since: String
    /// The last day (UTC).
    let until: String
    let grouping: UsageGrouping
    /// Only the turns of this key's id; nil for all.
    let key: String?

    /// - Parameters:
    ///   - since: nil for the first day of the month that it is now.
    ///   - until: nil for today.
    /// - Returns: nil unless both are days.
    package init?(since: String?, until: String?, by grouping: UsageGrouping, key: String? = nil, now: Date) {
        let today = String(now.ISO8601Format().prefix(10))
        self.since = since ?? today.prefix(7) + "-01"
        self.until = until ?? today
        (self.grouping, self.key) = (grouping, key)
        for day in [self.since, self.until] where Date(utc: day + "T00:00:00Z") == nil { return nil }
    }

    func includes(day: some StringProtocol) -> Bool {
        let day = String(day)
        return !(day < since) && !(until < day)
    }

    func includes(month: String) -> Bool { !(month < String(since.prefix(7))) && !(String(until.prefix(7)) < month) }
}

/// What one key, day, model or session used.
package struct UsageRow: Sendable {
    /// Nil for turns without an API key.
    package var name: String?
    package var amount: UsageAmount
}

/// Why usage is not shown.
package enum UsageError: Error, Sendable {
    case tooManySessions
    case unreadable(String)

    package static let maximumSessions = 100_000
}
