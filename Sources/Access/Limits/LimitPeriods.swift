import Glibc

/// The minute, the day and the month (UTC) that a time is in.
struct LimitPeriods {
    /// Since 1970.
    var minute: Int
    /// Since 1970.
    var day: Int
    /// Since the year 1900.
    var month: Int

    /// - Parameter seconds: since 1970; a clock before that counts as 1970.
    init(at seconds: Int) {
        var time = time_t(max(0, min(seconds, 1 << 40)))
        var parts = tm()
        gmtime_r(&time, &parts)
        (minute, day, month) = (time / 60, time / 86_400, Int(parts.tm_year) * 12 + Int(parts.tm_mon))
    }

    init(minute: Int, day: Int, month: Int) { (self.minute, self.day, self.month) = (minute, day, month) }
}
