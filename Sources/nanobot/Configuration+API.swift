import ChatAPI
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
        heartbeatAfter = try configuration[.heartbeatAfter].map { .seconds($0) }
    }
}

extension ServerOptions {
    init(_ configuration: Configuration) throws {
        self.init()
        bodyLimit = try configuration[.bodyLimit]
        mount = try configuration[.mount].map { $0.split(separator: "/").map(String.init) }
        namesSessionInPath = try configuration[.sessionFromPath]
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
