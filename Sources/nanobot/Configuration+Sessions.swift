import Configuration
import Sessions

extension SessionStore.Settings {
    init(_ configuration: Configuration) throws {
        self.init()
        durability =
            switch try configuration[.durability] {
            case .sync: .sync
            case .relaxed: .relaxed
            }
        window = ContextLimits(
            maxTurns: try configuration[.historyMaxTurns], maxTokens: try configuration[.historyMaxTokens],
            summarizes: try configuration[.summarizesHistory])
        busyTimeout = .seconds(try configuration[.sessionBusyTimeout])
        maximumSessionBytes = try configuration[.sessionMaxBytes]
        retention = try configuration[.retentionDays].map { .seconds(86_400 * $0) }
        unnamedRetention = .seconds(86_400 * (try configuration[.responsesKeepDays]))
        minimumFreeBytes = try configuration[.storageMinFreeBytes]
    }
}
