import Glibc
import JSON
import Text

/// The time of a turn or summary, and the idempotency key of its request.
///
/// Most lines are as this program writes them (FORMAT.md, "The content"), so both are read from the line's beginning and end. A line that
/// another tool has changed is parsed.
struct LineStamp {
    /// In seconds since 1970; nil if the line has another text there.
    var time: Int?
    var key: [UInt8]?

    /// Nil if a line is not an object with a time.
    init?(_ line: ArraySlice<UInt8>, _ decoder: ValueDecoder) {
        let line = line.last == UInt8(ascii: ",") ? line.dropLast() : line
        if let at = Self.writtenTime(line), let key = Self.writtenKey(line) {
            (time, self.key) = (Self.seconds(at), key)
            return
        }
        struct Parts: Decodable {
            struct Request: Decodable {
                var idempotencyKey: String?

                enum CodingKeys: String, CodingKey { case idempotencyKey = "idempotency_key" }
            }

            var at: String
            var request: Request?
        }
        guard let parts = try? decoder.read(Parts.self, from: line) else { return nil }
        (time, key) = (Self.seconds(parts.at.utf8), parts.request?.idempotencyKey.map { Array($0.utf8) })
    }

    /// The time in a line that begins as this program's do; nil for another line.
    static func writtenTime(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let (start, middle) = (Array(#"{"id":""#.utf8), Array(#"","at":""#.utf8))
        guard line.starts(with: start) else { return nil }
        let id = line.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        guard line[id.endIndex...].starts(with: middle) else { return nil }
        let time = line[(id.endIndex + middle.count)...].prefix { $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        return line[time.endIndex...].first == UInt8(ascii: "\"") ? time : nil
    }

    /// The key in a line that ends as this program's do, or nil in it; nil for another line.
    private static func writtenKey(_ line: ArraySlice<UInt8>) -> [UInt8]?? {
        // In a string a quotation mark follows a backslash, so after a comma it begins a name.
        guard line.ends(with: #""}}"#), let digest = line.suffix(128).lastRange(of: Array(#","body_sha256":""#.utf8))
        else {
            return nil
        }
        let rest = line[..<digest.lowerBound]
        if rest.ends(with: #","idempotency_key":null"#) { return .some(nil) }
        guard let name = rest.suffix(4096).lastRange(of: Array(#","idempotency_key":""#.utf8)), rest.last == UInt8(ascii: "\"") else {
            return nil
        }
        let key = rest[name.upperBound...].dropLast()
        guard !key.contains(UInt8(ascii: "\\")), !key.contains(UInt8(ascii: "\"")) else { return nil }
        return Array(key)
    }

    /// 2026-11-23T09:00:00Z; nil if there are not as many digits, as a file may contain any text.
    static func seconds(_ text: some Sequence<UInt8>) -> Int? {
        let digits = text.prefix(19).filter { 0x30...0x39 ~= $0 }.map { CInt($0 - 0x30) }
        guard digits.count == 14 else { return nil }
        func number(_ range: Range<Int>) -> CInt { digits[range].reduce(0) { $0 * 10 + $1 } }
        var time = tm()
        (time.tm_year, time.tm_mon, time.tm_mday) = (number(0..<4) - 1900, number(4..<6) - 1, number(6..<8))
        (time.tm_hour, time.tm_min, time.tm_sec) = (number(8..<10), number(10..<12), number(12..<14))
        return timegm(&time)
    }
}
