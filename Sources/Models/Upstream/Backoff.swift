import FoundationEssentials

/// How long to wait before an upstream is asked again.
enum Backoff {
    private static let first = Duration.milliseconds(500)
    private static let longest = Duration.seconds(8)

    /// Any time up to a bound that doubles ("full jitter": Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015), and no less
    /// than the upstream asks for.
    ///
    /// - Parameters:
    ///   - attempt: how often it was asked: 1 and more.
    ///   - random: from 0 to 1.
    static func delay(attempt: Int, retryAfter: Int?, random: Double = .random(in: 0...1)) -> Duration {
        let bound = min(longest, first * (1 << min(attempt - 1, 10)))
        return max(bound * random, .seconds(retryAfter ?? 0))
    }

    /// The seconds of a Retry-After header: a number, or an HTTP date (RFC 9110, section 10.2.3). At most a day.
    static func retryAfter(_ text: String?, now: Date = Date()) -> Int? {
        guard let text else { return nil }
        let seconds = Int(text) ?? date(text).map { Int($0.timeIntervalSince(now).rounded(.up)) }
        return seconds.map { min(max(0, $0), 86_400) }
    }

    /// An IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7); the older forms are nobody's any more.
    private static func date(_ text: String) -> Date? {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let fields = text.split(separator: " ")
        guard fields.count == 6, fields[5] == "GMT", let month = months.firstIndex(of: String(fields[2])) else { return nil }
        return try? Date("\(fields[3])-\(month < 9 ? "0" : "")\(month + 1)-\(fields[1])T\(fields[4])Z", strategy: .iso8601)
    }
}
