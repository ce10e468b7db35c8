import Models

/// How long a turn may take, and how often it is tried.
struct UpstreamLimits {
    static let timeouts = 1...86_400
    static let retryCounts = 0...10

    /// Seconds.
    var timeout: Int
    /// Seconds.
    var connectTimeout: Int
    var retries: Int
}

/// An upstream as `upstream.fallbacks` and `models` write it: an object with `url` and, where they are needed, `key` and more.
struct UpstreamSetting {
    var settings: Upstream.Settings
    var limits: UpstreamLimits

    /// Reads an object.
    ///
    /// - Parameter limits: those that it does not give itself.
    init(
        _ value: SettingValue, limits: UpstreamLimits, names: [String] = ["url", "key", "model", "timeout", "connectTimeout", "retries"]
    ) throws {
        self.limits = limits
        var address: UpstreamAddress?
        var (key, model): (String?, String?)
        for (name, value) in try value.members(names) {
            switch name {
            case "url": address = try Self.address(try value.text(), value.path)
            case "key": key = try Self.key(try value.text(), value.path)
            case "model": model = try value.text()
            case "timeout": self.limits.timeout = try value.integer(in: UpstreamLimits.timeouts)
            case "connectTimeout": self.limits.connectTimeout = try value.integer(in: UpstreamLimits.timeouts)
            default: self.limits.retries = try value.integer(in: UpstreamLimits.retryCounts)
            }
        }
        guard let address else { throw value.failure("must have a url") }
        settings = Upstream.Settings(address: address, key: key, model: model, connectTimeout: .seconds(self.limits.connectTimeout))
    }

    /// A base URL.
    static func address(_ text: String, _ path: String) throws -> UpstreamAddress {
        guard let address = UpstreamAddress(text) else {
            throw Failure(description: "\(path) must be a URL such as https://api.openai.com/v1 or http://unix:/run/model.sock:/v1.")
        }
        return address
    }

    /// A bearer key. It becomes part of a header line, so nothing in it may end one.
    static func key(_ text: String, _ path: String) throws -> String {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Failure(description: "\(path) must be one word of visible ASCII characters.")
        }
        return text
    }
}
