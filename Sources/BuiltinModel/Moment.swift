import FoundationEssentials
import Models

/// A moment on the calendar and the clock of UTC.
struct Moment: Sendable, Equatable {
    let year: Int
    let month: Int
    let day: Int
    /// 0 for Sunday.
    let weekday: Int
    let hour: Int
    let minute: Int

    /// Days become dates as in Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms", civil_from_days.
    init(_ date: Date, dayOffset: Int = 0) {
        // The years 1 to 9999: beyond them there is no date to tell.
        let elapsed = date.timeIntervalSince1970.isNaN ? 0 : date.timeIntervalSince1970
        let seconds = Int(min(max(elapsed, -62_135_596_800), 253_402_300_799).rounded(.down))
        let days = (seconds - seconds.modulo(86400)) / 86400 + dayOffset
        let shifted = days + 719_468
        let dayOfEra = shifted.modulo(146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + (shifted - dayOfEra) / 146_097 * 400 + (month <= 2 ? 1 : 0)
        weekday = (days + 4).modulo(7)
        hour = seconds.modulo(86400) / 3600
        minute = seconds.modulo(3600) / 60
    }
}

extension Int {
    fileprivate func modulo(_ divisor: Int) -> Int {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }

    var twoDigits: String { self < 10 ? "0\(self)" : String(self) }
}
