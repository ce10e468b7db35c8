/// What a turn cost, in the model's own tokens (the built-in model counts words).
public struct Usage: Sendable, Hashable, Codable {
    /// Tokens that were read.
    public var promptTokens: Int
    /// Tokens that were written.
    public var completionTokens: Int
    /// The sum of both, as the model reported it.
    public var totalTokens: Int

    /// Makes a usage whose total is the sum.
    public init(promptTokens: Int, completionTokens: Int) {
        self.promptTokens = promptTokens
        self.completionTokens = completionTokens
        totalTokens = promptTokens + completionTokens
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
    }
}
