import JSON
import Text

/// The cost of a turn in the model's own tokens (the built-in model counts words).
///
/// Accepts any numbers from outside: a negative count becomes 0, a negative total the sum, and a sum beyond `Int.max` becomes `Int.max`.
package struct Usage: Sendable, Hashable, Decodable {
    package let promptTokens: Int
    package let completionTokens: Int
    /// As the model reported it, otherwise the sum.
    package let totalTokens: Int
    /// What else the model reported, such as `prompt_tokens_details`.
    package let details: ExtraMembers

    package static let zero = Usage(promptTokens: 0, completionTokens: 0)

    /// - Parameter totalTokens: the total that the model reported; nil if it reported none.
    package init(promptTokens: Int, completionTokens: Int, totalTokens: Int? = nil, details: ExtraMembers = ExtraMembers()) {
        self.promptTokens = max(0, promptTokens)
        self.completionTokens = max(0, completionTokens)
        let sum = Self.sum(self.promptTokens, self.completionTokens)
        self.totalTokens = totalTokens.map { $0 < 0 ? sum : $0 } ?? sum
        self.details = details
    }

    /// The members of a usage that have a place of their own.
    package static let knownMembers = ["prompt_tokens", "completion_tokens", "total_tokens"]

    /// Reads a usage as OpenAI-compatible APIs and session files write it.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            promptTokens: try container.decode(Int.self, forKey: .promptTokens),
            completionTokens: try container.decode(Int.self, forKey: .completionTokens),
            totalTokens: try container.decode(Int.self, forKey: .totalTokens),
            details: ExtraMembers(of: try JSONValue(from: decoder), besides: Self.knownMembers))
    }

    enum CodingKeys: String, CodingKey {
        case promptTokens = "prompt_tokens"
        case completionTokens = "completion_tokens"
        case totalTokens = "total_tokens"
    }

    /// Has no details: sums of what nobody here knows would be made up.
    package static func + (left: Usage, right: Usage) -> Usage {
        Usage(
            promptTokens: sum(left.promptTokens, right.promptTokens),
            completionTokens: sum(left.completionTokens, right.completionTokens),
            totalTokens: sum(left.totalTokens, right.totalTokens))
    }

    /// The clamped sum of numbers that are not negative.
    private static func sum(_ left: Int, _ right: Int) -> Int {
        let (sum, overflows) = left.addingReportingOverflow(right)
        return overflows ? .max : sum
    }
}
