import JSON
import Text

/// What was used in a month, by day, key and model, and how much of the month's lines that is.
struct UsageMonth {
    struct Row {
        var day: String
        var key: String?
        var model: String
        var amount = UsageAmount()
    }

    /// The bytes of the lines that are summed.
    var byteCount = 0
    var unreadableCount = 0
    private(set) var rows: [Row] = []
    private var places: [TextKey: Int] = [:]

    private static let format = "nanobot-usage"
    private static let version = 1

    init() {}

    mutating func add(_ line: UsageLine) {
        add(Row(day: String(line.day), key: line.key, model: line.model, amount: line.amount))
    }

    private mutating func add(_ row: Row) {
        let name = TextKey("\(row.day)\u{0}\(row.key ?? "\u{0}")\u{0}\(row.model)")
        if let place = places[name] {
            rows[place].amount += row.amount
        } else {
            places[name] = rows.count
            rows.append(row)
        }
    }

    /// Reads what `serialized` wrote; nil if it is anything else.
    init?(_ bytes: [UInt8]) {
        guard let field = try? JSONField(parsing: bytes) else { return nil }
        do throws(JSONFieldError) {
            guard try field.required("format").string() == Self.format else { return nil }
            guard try field.required("version").integer(in: 1 ... .max) == Self.version else { return nil }
            byteCount = try field.required("bytes").integer(in: 0 ... .max)
            unreadableCount = try field.required("unreadable").integer(in: 0 ... .max)
            for row in try field.required("sums").elements() {
                add(
                    Row(
                        day: try row.required("day").string(), key: try row.member("key")?.string(),
                        model: try row.required("model").string(), amount: try UsageAmount(row)))
            }
        } catch {
            return nil
        }
    }

    var serialized: [UInt8] {
        var bytes = Array("{\"format\":\"\(Self.format)\",\"version\":\(Self.version),\"bytes\":\(byteCount)".utf8)
        bytes += "\(",\"unreadable\":\(unreadableCount),\"sums\":[")".utf8
        for (index, row) in rows.enumerated() {
            bytes += (index == 0 ? "\n" : ",\n").utf8
            bytes +=
                JSONValue.object(
                    [
                        ("day", .string(row.day)), ("key", .optional(row.key)), ("model", .string(row.model)),
                        ("requests", .integer(row.amount.requests)),
                    ] + row.amount.members
                ).serialized
        }
        return bytes + "\n]}\n".utf8
    }
}
