package import FoundationEssentials
import Glibc

extension Date {
    /// A time in UTC as key files have it, such as `2026-11-26T08:00:00Z`; nil for any other text, and for a day that no month has.
    package init?(utc text: String) {
        let pattern = Array("0000-00-00T00:00:00Z".utf8)
        let bytes = Array(text.utf8)
        let isDigit = bytes.map { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        guard bytes.count == pattern.count, pattern.indices.allSatisfy({ pattern[$0] == 0x30 ? isDigit[$0] : pattern[$0] == bytes[$0] })
        else { return nil }
        func number(_ range: Range<Int>) -> CInt { bytes[range].reduce(0) { $0 * 10 + CInt($1 - 0x30) } }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (number(0..<4) - 1900, number(5..<7) - 1, number(8..<10))
        (time.tm_hour, time.tm_min, time.tm_sec) = (number(11..<13), number(14..<16), number(17..<19))
        let given = time
        let seconds = timegm(&time)
        // timegm(3) makes 2 March of 30 February.
        guard (given.tm_mon, given.tm_mday, given.tm_hour) == (time.tm_mon, time.tm_mday, time.tm_hour),
            (given.tm_min, given.tm_sec) == (time.tm_min, time.tm_sec)
        else { return nil }
        self.init(timeIntervalSince1970: Double(seconds))
    }
}
