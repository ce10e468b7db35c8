import Sessions

extension Configuration {
    /// Where sessions live.
    func dataDirectory() throws -> String {
        try value("dataDir", "a directory; set HOME, or give --data-dir") { $0.isEmpty ? nil : $0 }
    }
}

extension SessionStore.Settings {
    /// Reads the settings that concern sessions.
    init(_ configuration: Configuration) throws {
        self.init()
        durability = try configuration.value("durability", "sync or relaxed") { SessionStore.Durability(rawValue: $0) }
        window = ContextLimits(
            maxTurns: try configuration.integer("history.maxTurns", in: 1...100_000),
            maxTokens: try configuration.integer("history.maxTokens", in: 1...10_000_000),
            summarizes: try configuration.flag("history.summarize"))
        busyTimeout = .seconds(try configuration.integer("session.busyTimeout", in: 0...86_400))
        maximumSessionBytes = try configuration.integer("session.maxBytes", in: 4096...(1 << 40))
        if configuration.text("retention.days") != nil {
            retention = .seconds(86_400 * (try configuration.integer("retention.days", in: 1...36_500)))
        }
        minimumFreeBytes = try configuration.integer("storage.minFreeBytes", in: 0...(1 << 50))
    }
}
