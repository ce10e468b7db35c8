import ChatAPI
import Server

extension ChatService.Settings {
    /// Reads the settings that concern the API.
    init(_ configuration: Configuration) throws {
        self.init()
        requiresModel = try configuration.flag("requireModel")
        allowsRemoteImages = try configuration.flag("upstream.allowRemoteImages")
        streams = try configuration.flag("stream")
        if configuration.text("heartbeat.after") != nil {
            heartbeatAfter = .seconds(try configuration.integer("heartbeat.after", in: 1...86_400))
        }
    }
}

extension ServerOptions {
    /// Reads the settings that concern every request.
    init(_ configuration: Configuration) throws {
        self.init()
        bodyLimit = try configuration.integer("limits.bodyBytes", in: 1024...(1 << 30))
        onDisconnect = try configuration.value("onDisconnect", "finish or cancel") { DisconnectPolicy(rawValue: $0) }
    }
}

extension Configuration {
    /// How many worker threads there are.
    func workerCount() throws -> Int { try integer("workers", in: 1...256) }

    /// Whether the data may live where the web server gives files to everyone.
    func allowsDocumentRoot() throws -> Bool { try flag("storage.allowInDocumentRoot") }
}
