import FoundationEssentials

/// A time on the calendar and the clock of UTC.
struct UTCTime: Sendable, Equatable {
    let year, month, day, hour, minute: Int
    /// 0 for Sunday.
    let weekday: Int

    /// Days become dates as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    init(_ date: Date, dayOffset: Int = 0) {
        let elapsed = date.timeIntervalSince1970.isNaN ? 0 : date.timeIntervalSince1970
        // Since 1 March of the year 0, and within the years 1 to 9999.
        let seconds = Int(min(max(elapsed, -62_135_596_800), 253_402_300_799).rounded(.down)) + 719_468 * 86400
        let days = seconds / 86400 + dayOffset
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + days / 146_097 * 400 + (month <= 2 ? 1 : 0)
        (weekday, hour, minute) = ((days + 3) % 7, seconds % 86400 / 3600, seconds % 3600 / 60)
    }

    var clock: String { (hour < 10 ? "0\(hour)" : "\(hour)") + (minute < 10 ? ":0\(minute)" : ":\(minute)") }

    func day(_ name: String, in texts: Phrasebook) -> String {
        texts.date.filled(with: [name, texts.weekdays[weekday], String(day), texts.months[month - 1], String(year)])
    }
}
