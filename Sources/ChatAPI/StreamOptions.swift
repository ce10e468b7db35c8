/// What a request says of its stream.
struct StreamOptions: Decodable {
    enum CodingKeys: String, CodingKey {
        case options = "stream_options"
    }

    private struct Options: Decodable {
        enum CodingKeys: String, CodingKey {
            case includesUsage = "include_usage"
        }

        var includesUsage: Bool?
    }

    /// Whether the stream ends with what it cost.
    let includesUsage: Bool

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        includesUsage = try container.decodeIfPresent(Options.self, forKey: .options)?.includesUsage ?? false
    }
}
