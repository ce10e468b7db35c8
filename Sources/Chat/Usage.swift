/// What a turn cost, in the model's own tokens (the built-in model counts words).
///
/// Any numbers from outside make one: a negative count is 0, a negative total is the sum, and a sum beyond `Int.max` is `Int.max`.
package struct Usage: Sendable, Hashable, Decodable {
    /// Tokens that were read.
    package let promptTokens: Int
    /// Tokens that were written.
    package let completionTokens: Int
    /// The sum of both, as the model reported it.
    package let totalTokens: Int

    /// What nothing costs.
    package static let zero = Usage(promptTokens: 0, completionTokens: 0)

    /// Makes a usage.
    ///
    /// - Parameter totalTokens: the sum, where the model reported one.
    package init(promptTokens: Int, completionTokens: Int, totalTokens: Int? = nil) {
        self.promptTokens = max(0, promptTokens)
        self.completionTokens = max(0, completionTokens)
        let sum = Self.sum(self.promptTokens, self.completionTokens)
        self.totalTokens = totalTokens.map { $0 < 0 ? sum : $0 } ?? sum
    }

    /// Reads a usage as every OpenAI-compatible API writes it, and session files.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            promptTokens: try container.decode(Int.self, forKey: .promptTokens),
            completionTokens: try container.decode(Int.self, forKey: .completionTokens),
            totalTokens: try container.decode(Int.self, forKey: .totalTokens))
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
    }

    /// What both cost together.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            promptTokens: sum(left.promptTokens, right.promptTokens),
            completionTokens: sum(left.completionTokens, right.completionTokens),
            totalTokens: sum(left.totalTokens, right.totalTokens))
    }

    /// Of numbers that are not negative.
    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }
}
