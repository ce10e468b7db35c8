package import HTTPClient
import JSON
import Text

/// A server that answers, as `upstream.*`, `upstream.fallbacks` and `models` describe it.
package struct UpstreamSetting: Sendable, Equatable {
    package var address: UpstreamAddress
    /// How it is asked.
    package var api = UpstreamAPI.chat
    /// The bearer key.
    package var key: String?
    /// The model to request; nil for the first of the server's list.
    package var model: String?
    /// How long a turn may take, in seconds; nil for `upstream.timeout`.
    package var timeout: Int?
    /// How long connecting may take, in seconds; nil for `upstream.connectTimeout`.
    package var connectTimeout: Int?
    /// How often a failed request is retried; nil for `upstream.retries`.
    package var retries: Int?
    /// Whether the server gets the `name` of a user's message.
    package var names = true
    /// Whether the server gets parameters that OpenAI's API does not have.
    package var passUnknown = false

    static let timeouts = 1...86_400
    static let retryCounts = 0...10

    /// Reads an array: the upstreams that replace the one of `upstream.url` if it fails.
    static func fallbacks(_ field: JSONField) throws(JSONFieldError) -> [UpstreamSetting] {
        var settings: [UpstreamSetting] = []
        for element in try field.settingElements() { settings.append(try UpstreamSetting(element, members: fallbackMembers)) }
        return settings
    }

    private static let fallbackMembers = ["url", "api", "key", "model", "names", "passUnknown"]

    init(
        _ field: JSONField, members: [String] = fallbackMembers + ["timeout", "connectTimeout", "retries"]
    ) throws(JSONFieldError) {
        try field.expectMembers(members)
        guard let url = try field.setting("url") else { throw field.refused("must have a url") }
        guard let address = UpstreamAddress(try url.settingText()) else { throw url.refused("must be \(Self.addressExpectation)") }
        self.address = address
        if let field = try field.setting("api") {
            guard let api = UpstreamAPI(text: try field.settingText()) else { throw field.refused("must be \(Self.apiExpectation)") }
            self.api = api
        }
        if let field = try field.setting("key") {
            let key = try field.settingText()
            guard Self.isKey(key) else { throw field.refused("must be \(Self.keyExpectation)") }
            self.key = key
        }
        model = try field.setting("model")?.settingText()
        timeout = try field.setting("timeout")?.settingInteger(in: Self.timeouts)
        connectTimeout = try field.setting("connectTimeout")?.settingInteger(in: Self.timeouts)
        retries = try field.setting("retries")?.settingInteger(in: Self.retryCounts)
        names = try field.setting("names")?.settingBool() ?? names
        passUnknown = try field.setting("passUnknown")?.settingBool() ?? passUnknown
    }

    package init(
        address: UpstreamAddress, api: UpstreamAPI = .chat, key: String? = nil, model: String? = nil, names: Bool = true,
        passUnknown: Bool = false
    ) {
        (self.address, self.api, self.key, self.model) = (address, api, key, model)
        (self.names, self.passUnknown) = (names, passUnknown)
    }

    static let addressExpectation = "a URL such as https://api.openai.com/v1 or http://unix:/run/model.sock:/v1"
    static let apiExpectation = UpstreamAPI.allCases.map(\.rawValue).joined(separator: " or ")
    static let keyExpectation = "one word of visible ASCII characters"

    /// True if a header line can hold the key: nothing in the key may end the line.
    static func isKey(_ text: String) -> Bool { !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f } }
}

/// A model that clients may choose, as `models` describes it.
package struct ModelSetting: Sendable, Equatable {
    /// The name that clients ask for.
    package var id: String
    /// The model to request from the upstream; nil for the upstream's own.
    package var model: String?
    /// The system prompt; nil for `model.system`.
    package var system: String?
    /// What its tokens cost; nil for `model.price`.
    package var price: PriceSetting?
    /// The server that answers; nil for those of `upstream.url` and `upstream.fallbacks`.
    package var upstream: UpstreamSetting?

    /// Reads an object from id to model, and keeps its order.
    static func list(_ field: JSONField) throws(JSONFieldError) -> [ModelSetting] {
        var settings: [ModelSetting] = []
        for (id, field) in try field.settingMembers() {
            try field.expectMembers(["upstream", "model", "system", "price"])
            var setting = ModelSetting(id: id)
            setting.model = try field.setting("model")?.settingText()
            setting.system = try field.setting("system")?.settingText()
            setting.price = try field.setting("price").map { field throws(JSONFieldError) in try PriceSetting(field) }
            if let upstream = try field.setting("upstream") { setting.upstream = try UpstreamSetting(upstream) }
            settings.append(setting)
        }
        return settings
    }
}
