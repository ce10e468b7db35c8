/// What a model's tokens cost, in a currency that the operator thinks of.
package struct Price: Sendable, Equatable {
    /// A million tokens of prompts.
    package var input: Double
    /// A million tokens of completions.
    package var output: Double

    package init(input: Double, output: Double) { (self.input, self.output) = (input, output) }

    package func cost(promptTokens: Int, completionTokens: Int) -> Double {
        (Double(promptTokens) * input + Double(completionTokens) * output) / 1e6
    }
}
