import JSON

/// What a model's tokens cost, as `model.price` and `models` describe it: for a million tokens, in any currency.
package struct PriceSetting: Sendable, Equatable {
    /// Of prompts.
    package var input: Double
    /// Of completions.
    package var output: Double

    private static let range = 0.0...1e9

    init(_ field: JSONField) throws(JSONFieldError) {
        try field.expectMembers(["input", "output"])
        func price(_ name: String) throws(JSONFieldError) -> Double {
            guard let field = try field.setting(name) else { throw field.refused("must have \(name)") }
            guard let number = try? field.number(in: Self.range) else {
                throw field.refused("must be a number from 0 to \(Int(Self.range.upperBound)): the price of a million tokens")
            }
            return number
        }
        (input, output) = (try price("input"), try price("output"))
    }
}
