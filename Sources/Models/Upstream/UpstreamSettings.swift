/// Where an OpenAI-compatible server is, and how it is asked.
public struct UpstreamSettings: Sendable {
    /// The base URL, usually ending in `/v1`. A slash at its end does not matter.
    public var url: String
    /// The bearer key; it is in no log and no error.
    public var key: String?
    /// The model that is asked for; nil asks for the first of the server's list.
    public var model: String?

    /// Makes settings.
    public init(url: String, key: String? = nil, model: String? = nil) {
        self.url = String(url.reversed().drop { $0 == "/" }.reversed())
        (self.key, self.model) = (key, model)
    }
}
