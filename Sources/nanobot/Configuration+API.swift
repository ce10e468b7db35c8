import Access
import ChatAPI
import Logging
import SystemPackage
import Server
import Configuration
import Text

extension ChatService.Settings {
    init(_ configuration: Configuration) throws {
        self.init()
        requiresModel = try configuration[.requiresModel]
        allowsRemoteImages = try configuration[.allowsRemoteImages]
        mirrors = try configuration[.historyMode] == .mirror
        taskHeader = try configuration[.taskHeader]
        streams = try configuration[.streams]
        recordsOpenTurns = try configuration[.usageRecord] == .all
        heartbeatAfter = try configuration[.heartbeatAfter].map { .seconds($0) }
    }
}

extension Configuration {
    /// Where turns are recorded; nil if they are not.
    func usageLog(_ logger: Logger) throws -> UsageLog? {
        guard try self[.usageRecord] != .none else { return nil }
        return UsageLog(dataDirectory: FilePath(try self[.dataDirectory]), in: try fileSystem(), logger: logger)
    }
}

extension ServerOptions {
    init(_ configuration: Configuration) throws {
        self.init()
        bodyLimit = try configuration[.bodyLimit]
        mount = try configuration[.mount].map { $0.split(separator: "/").map(String.init) }
        namesSessionInPath = try configuration[.sessionFromPath]
        origins = try configuration[.origins]
        if try configuration[.cluster] != nil { recovery = RecoveryTimes(afterWaiting: try configuration[.sessionBusyTimeout]) }
        onDisconnect =
            switch try configuration[.onDisconnect] {
            case .finish: .finish
            case .cancel: .cancel
            }
    }
}

extension AccessLog.SessionNames {
    init(_ setting: Configuration.SessionNames) {
        switch setting {
        case .full: self = .full
        case .hash: self = .hash
        case .none: self = .none
        }
    }
}
