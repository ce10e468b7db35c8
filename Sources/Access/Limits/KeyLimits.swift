package import JSON

/// How much a key may use. Nil is no limit, and 0 lets nothing through.
package struct KeyLimits: Sendable, Equatable {
    /// Requests in a minute of the clock.
    package var rpm: Int?
    /// Tokens in a minute of the clock.
    package var tpm: Int?
    /// Tokens in a day (UTC).
    package var tokensPerDay: Int?
    /// What the turns of a month (UTC) may cost, in the currency of the models' prices.
    package var budgetPerMonth: Double?
    /// Chats at once.
    package var parallel: Int?

    package init() {}

    /// Each chat of a key that has the most of them tries this many locks.
    package static let parallelRange = 0...10_000
    package static let budgetRange = 0.0...1e12

    package var isEmpty: Bool { self == KeyLimits() }

    init(_ field: JSONField) throws(JSONFieldError) {
        try field.expectMembers(["rpm", "tpm", "tokensPerDay", "budgetPerMonth", "parallel"])
        rpm = try field.member("rpm")?.integer(in: 0 ... .max)
        tpm = try field.member("tpm")?.integer(in: 0 ... .max)
        tokensPerDay = try field.member("tokensPerDay")?.integer(in: 0 ... .max)
        budgetPerMonth = try field.member("budgetPerMonth")?.number(in: Self.budgetRange)
        parallel = try field.member("parallel")?.integer(in: Self.parallelRange)
    }

    package var json: JSONValue {
        let members: [(String, JSONValue?)] = [
            ("rpm", rpm.map(JSONValue.integer)), ("tpm", tpm.map(JSONValue.integer)),
            ("tokensPerDay", tokensPerDay.map(JSONValue.integer)), ("budgetPerMonth", budgetPerMonth.map(JSONValue.decimal)),
            ("parallel", parallel.map(JSONValue.integer)),
        ]
        return .object(members.compactMap { name, value in value.map { (name, $0) } })
    }
}
