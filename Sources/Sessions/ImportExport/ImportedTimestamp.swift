import FoundationEssentials
import Glibc

/// Reads times that other programs wrote: ISO 8601, with or without a fraction and an offset from UTC.
enum ImportedTimestamp {
    /// The time as sessions store it: ISO 8601, UTC, whole seconds. Nil if the text is not a time.
    ///
    /// A time without an offset is in this process's time zone: Python's `datetime.now().isoformat()` writes none.
    static func utc(_ text: String) -> String? {
        var rest = Array(text.utf8)[...]
        // What may follow each field of the date and the time.
        let separators: [[UInt8]] = [[0x2d], [0x2d], Array("T ".utf8), [0x3a], [0x3a], []]
        let ranges: [ClosedRange<CInt>] = [1...9999, 1...12, 1...31, 0...23, 0...59, 0...60]
        var fields: [CInt] = []
        for (index, (separators, range)) in zip(separators, ranges).enumerated() {
            guard let number = number(&rest, digits: index == 0 ? 4 : 2), range.contains(number) else { return nil }
            fields.append(number)
            if !separators.isEmpty { guard let byte = rest.popFirst(), separators.contains(byte) else { return nil } }
        }
        if rest.first == UInt8(ascii: ".") { rest = rest.dropFirst().drop { isDigit($0) } }

        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (fields[0] - 1900, fields[1] - 1, fields[2])
        (time.tm_hour, time.tm_min, time.tm_sec) = (fields[3], fields[4], fields[5])
        let seconds: time_t
        if rest.isEmpty {
            // Lets the time zone's rules decide on daylight saving time.
            time.tm_isdst = -1
            seconds = mktime(&time)
        } else {
            guard let offset = offset(rest) else { return nil }
            seconds = timegm(&time) - offset
        }
        return Date(timeIntervalSince1970: Double(seconds)).ISO8601Format()
    }

    /// Seconds east of UTC: `Z`, `+01:00`, `+0100` or `+01`.
    private static func offset(_ text: ArraySlice<UInt8>) -> Int? {
        if text.elementsEqual("Z".utf8) { return 0 }
        var rest = text.filter { $0 != UInt8(ascii: ":") }[...]
        guard let sign = rest.popFirst(), [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(sign), let hours = number(&rest, digits: 2),
            let minutes = rest.isEmpty ? 0 : number(&rest, digits: 2), rest.isEmpty
        else { return nil }
        return Int(hours * 60 + minutes) * (sign == UInt8(ascii: "+") ? 60 : -60)
    }

    private static func number(_ text: inout ArraySlice<UInt8>, digits: Int) -> CInt? {
        let number = text.prefix(digits)
        guard number.count == digits, number.allSatisfy({ isDigit($0) }) else { return nil }
        text = text.dropFirst(digits)
        return number.reduce(0) { $0 * 10 + CInt($1 - UInt8(ascii: "0")) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
