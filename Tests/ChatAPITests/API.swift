import Access
import Files
import Foundation
import CGI
import Harness
import Logging
import Models
import Server
import SystemPackage
import TestSupport

@testable import ChatAPI
@testable import Sessions
import JSON

/// The API over a data directory, without a web server.
struct API: Sendable {
    let directory: DataDirectory
    let sessions: SessionStore
    let endpoints: EndpointTable
    private let server: Server

    /// - Parameters:
    ///   - directory: another API's data directory; a new one if nil.
    ///   - models: the models that answer; only the one model if nil.
    ///   - age: how far in the past this API's clock is.
    ///   - keys: the file of API keys; nil if nobody has one.
    ///   - background: runs responses in the background; nil as over CGI.
    ///   - configure: changes the API's settings.
    init(
        _ model: any ChatModel = ScriptedModel(), models: ModelCatalog? = nil, in directory: DataDirectory? = nil, bodyLimit: Int = 1 << 20,
        age: TimeInterval = 0, onDisconnect: DisconnectPolicy = .cancel, namesSessionInPath: Bool = false, keys: KeyFile? = nil,
        background: BackgroundTasks? = nil,
        _ change: (inout SessionStore.Settings) -> Void = { _ in },
        configure: (inout ChatService.Settings) -> Void = { _ in }
    ) throws {
        self.directory = try directory ?? DataDirectory()
        var settings = SessionStore.Settings()
        settings.durability = .relaxed
        // Long, for slow machines: only a test of this limit may reach it.
        settings.busyTimeout = .seconds(600)
        change(&settings)
        // The store keeps the directory, since a streamed response may outlive the API.
        sessions = try SessionStore(
            directory: FilePath(self.directory.path), settings: settings, logger: .test(keeping: self.directory))
        var serviceSettings = ChatService.Settings()
        configure(&serviceSettings)
        let models = models ?? ModelCatalog(default: ModelCatalog.Entry(id: "nanobot", model: model))
        let logger = Logger.test()
        let service = ChatService(
            settings: serviceSettings, sessions: sessions, models: models,
            usage: UsageLog(dataDirectory: FilePath(self.directory.path), logger: logger), background: background,
            logger: logger,
            now: { Date().addingTimeInterval(-age) })
        endpoints = service.endpoints
        var options = ServerOptions()
        options.bodyLimit = bodyLimit
        options.onDisconnect = onDisconnect
        options.namesSessionInPath = namesSessionInPath
        let authentication = try keys.map { Authentication(try KeyStore($0, dataDirectory: nil, logger: logger), isRequired: false) }
        server = service.server(
            guarding: nil, sessionNames: .hash, authentication: authentication,
            limits: LimitStore(dataDirectory: FilePath(self.directory.path), logger: logger), options: options, logger: logger)
    }

    /// Sends a request. The path may have a query string.
    ///
    /// - Parameters:
    ///   - mount: where the web server says that the program is mounted; it does not say it if nil.
    ///   - uri: the path as the client sent it, which the web server passes on instead of the decoded one.
    func send(
        _ method: String, _ path: String, mount: String? = nil, session: String? = "a", headers: KeyValuePairs<String, String> = [:],
        uri: String? = nil, body: String = ""
    ) async -> Response {
        let request = request(method, path, mount: mount, session: session, headers: headers, uri: uri, body: body)
        return await ResponseReader().response { [server] in await server.serve(request, to: $0) }
    }

    /// One turn of session `a`, whose response goes to `output`.
    func chat(
        _ text: String, headers: KeyValuePairs<String, String> = [:], streams: Bool = false, to output: some ResponseOutput
    ) async {
        let body = streams ? Self.streamBody(text) : Self.body(text)
        await server.serve(request("POST", "/v1/chat/completions", session: "a", headers: headers, body: body), to: output)
    }

    private func request(
        _ method: String, _ path: String, mount: String? = nil, session: String?, headers: KeyValuePairs<String, String>,
        uri: String? = nil, body: String
    ) -> Request {
        let parts = path.split(separator: "?", maxSplits: 1)
        var metaVariables = [("REQUEST_METHOD", method), ("CONTENT_LENGTH", "\(body.utf8.count)")]
        if let uri {
            metaVariables.append(("REQUEST_URI", uri))
        } else {
            metaVariables += mount.map { [("SCRIPT_NAME", $0), ("PATH_INFO", String(parts[0]))] } ?? [("SCRIPT_NAME", String(parts[0]))]
        }
        if parts.count > 1 { metaVariables.append(("QUERY_STRING", String(parts[1]))) }
        if let session { metaVariables.append(("HTTP_X_SESSION_KEY", session)) }
        for (name, value) in headers { metaVariables.append(("HTTP_" + name.uppercased().replacing("-", with: "_"), value)) }
        let isTooLarge = body.utf8.count > server.options.bodyLimit
        return Request(
            metaVariables: metaVariables.map { (name: $0.0, value: $0.1) }, body: isTooLarge ? .tooLarge : .complete(Array(body.utf8)))
    }

    /// One turn of a session.
    func chat(_ text: String, session: String = "a", headers: KeyValuePairs<String, String> = [:]) async -> Response {
        await send("POST", "/v1/chat/completions", session: session, headers: headers, body: Self.body(text))
    }

    /// True if a turn waits for the session's lock, in this store or in another.
    func isWaitedFor(_ session: String) throws -> Bool {
        let key = try SessionKey(session)
        if sessions.lock.waiterCount(key) > 0 { return true }
        let locks = try File.openOrCreate(sessions.lock.path(for: key.queueOffset), in: HostFileSystem())
        do throws(Errno) {
            try locks.system.setLock(locks.descriptor, at: key.queueOffset, isHeld: true)
            return false
        } catch {
            return true
        }
    }

    static func streamBody(_ text: String, options: String = "") -> String {
        #"{"stream":true,\#(options)"messages":[{"role":"user","content":"\#(text)"}]}"#
    }

    static func body(_ text: String) -> String { #"{"messages":[{"role":"user","content":"\#(text)"}]}"# }
}

/// A data directory of one test, removed after the test.
final class DataDirectory: Sendable {
    var path: String { directory.path }
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    /// The session files.
    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path + "/sessions").sorted() }
    }

    func text(of file: String) throws -> String { try String(contentsOfFile: path + "/sessions/" + file, encoding: .utf8) }
}
