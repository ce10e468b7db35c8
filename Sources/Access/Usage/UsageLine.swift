package import JSON
import Text

/// One turn in a file of usage.
package struct UsageLine: Sendable {
    /// When the turn ended: ISO 8601, UTC, whole seconds.
    package var at: String
    /// The id of the API key; nil if the API was open.
    package var key: String?
    package var session: String
    /// The model's id.
    package var model: String
    package var amount: UsageAmount
    /// The HTTP status of the answer; 499 if the client had left.
    package var status: Int

    package init(at: String, key: String?, session: String, model: String, amount: UsageAmount, status: Int) {
        (self.at, self.key, self.session, self.model, self.amount, self.status) = (at, key, session, model, amount, status)
    }

    /// Reads a line; nil if it is anything else.
    init?(_ bytes: [UInt8]) {
        guard let field = try? JSONField(parsing: bytes) else { return nil }
        do throws(JSONFieldError) {
            at = try field.required("at").string()
            guard at.utf8.count >= 10 else { return nil }
            key = try field.member("key")?.string()
            session = try field.required("session").string()
            model = try field.required("model").string()
            amount = try UsageAmount(field)
            status = try field.required("status").integer(in: 100...599)
        } catch {
            return nil
        }
    }

    var serialized: [UInt8] {
        var bytes = [UInt8(ascii: "{")]
        bytes.reserveCapacity(256)
        JSONValue.append(["at": .string(at), "key": .optional(key), "session": .string(session), "model": .string(model)], to: &bytes)
        bytes.append(UInt8(ascii: ","))
        JSONValue.append(amount.members, to: &bytes)
        bytes.append(UInt8(ascii: ","))
        JSONValue.append(["status": .integer(status)], to: &bytes)
        bytes += "}\n".utf8
        return bytes
    }

    /// The day on which the turn ended, such as `2026-11-27`.
    var day: Substring { at.prefix(10) }
}

/// What one turn, or several, used.
package struct UsageAmount: Sendable {
    package private(set) var requests = 0
    package private(set) var promptTokens = 0
    package private(set) var completionTokens = 0
    /// As the models count it, which may be more than the sum.
    package private(set) var totalTokens = 0
    /// Nil if no model had a price.
    package private(set) var cost: Double?

    package init() {}

    /// One turn. Negative numbers count as 0.
    package init(promptTokens: Int, completionTokens: Int, totalTokens: Int, cost: Double?) {
        requests = 1
        (self.promptTokens, self.completionTokens) = (max(0, promptTokens), max(0, completionTokens))
        (self.totalTokens, self.cost) = (max(0, totalTokens), cost)
    }

    init(_ field: JSONField) throws(JSONFieldError) {
        func count(_ name: String) throws(JSONFieldError) -> Int { try field.required(name).integer(in: 0 ... .max) }
        requests = try field.member("requests")?.integer(in: 0 ... .max) ?? 1
        (promptTokens, completionTokens) = (try count("prompt_tokens"), try count("completion_tokens"))
        totalTokens = try count("total_tokens")
        cost = try field.member("cost")?.number(in: 0...1e18)
    }

    /// Costs have nine decimals, which hides what sums of binary fractions are off.
    package var members: [(String, JSONValue)] {
        [
            ("prompt_tokens", .integer(promptTokens)), ("completion_tokens", .integer(completionTokens)),
            ("total_tokens", .integer(totalTokens)),
        ] + (cost.map { [("cost", .decimal(($0 * 1e9).rounded() / 1e9))] } ?? [])
    }

    package static func += (left: inout UsageAmount, right: UsageAmount) {
        left.requests = left.requests.clampedSum(right.requests)
        left.promptTokens = left.promptTokens.clampedSum(right.promptTokens)
        left.completionTokens = left.completionTokens.clampedSum(right.completionTokens)
        left.totalTokens = left.totalTokens.clampedSum(right.totalTokens)
        if let cost = right.cost { left.cost = min((left.cost ?? 0) + cost, 1e18) }
    }
}
