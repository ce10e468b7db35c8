import Configuration
import Files
import Sessions
import SystemPackage

extension Configuration {
    /// The file system of the data directory.
    func fileSystem() throws -> any FileSystem {
        guard let id = try self[.cluster] else { return HostFileSystem() }
        return ClusterFileSystem(HostFileSystem(isShared: true), sharing: FilePath(try self[.dataDirectory]), id: id)
    }
}

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
        // It is there when it is mounted.
        if try configuration[.cluster] != nil { missingDirectory = .waitFor }
        minimumFreeBytes = try configuration[.storageMinFreeBytes]
    }
}
