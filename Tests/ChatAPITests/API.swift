import Foundation
import CGI
import Logging
import Models
import SystemPackage

@testable import ChatAPI
@testable import Sessions
import JSON

/// The API over a data directory, without a web server.
struct API: Sendable {
    let directory: DataDirectory
    let sessions: SessionStore
    private let router: Router

    /// - Parameters:
    ///   - directory: where another API's sessions are; a new one where nil.
    ///   - models: the models that answer; the one model where nil.
    ///   - age: how long ago it is for this API.
    ///   - configure: changes what the operator may choose of the API.
    init(
        _ model: any ChatModel = ScriptedModel(), models: ModelCatalog? = nil, in directory: DataDirectory? = nil, bodyLimit: Int = 1 << 20,
        age: TimeInterval = 0, _ change: (inout SessionStore.Settings) -> Void = { _ in },
        configure: (inout Router.Settings) -> Void = { _ in }
    ) throws {
        self.directory = try directory ?? DataDirectory()
        var settings = SessionStore.Settings()
        settings.durability = .relaxed
        // Slow machines: only a test of this limit may meet it.
        settings.busyTimeout = .seconds(600)
        change(&settings)
        // The store keeps the directory: an answer in pieces may outlive the API.
        sessions = try SessionStore(
            directory: FilePath(self.directory.path), settings: settings,
            report: { [kept = self.directory] _ in withExtendedLifetime(kept) {} })
        var routerSettings = Router.Settings()
        routerSettings.bodyLimit = bodyLimit
        let models = models ?? ModelCatalog(default: ModelCatalog.Entry(id: "nanobot", model: model))
        configure(&routerSettings)
        router = Router(
            settings: routerSettings, sessions: sessions, models: models, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            now: { Date().addingTimeInterval(-age) })
    }

    /// Sends a request. The path may have a query string.
    func send(
        _ method: String, _ path: String, session: String? = "a", headers: KeyValuePairs<String, String> = [:], body: String = ""
    ) async -> Response {
        let parts = path.split(separator: "?", maxSplits: 1)
        var metaVariables = [("REQUEST_METHOD", method), ("SCRIPT_NAME", String(parts[0])), ("CONTENT_LENGTH", "\(body.utf8.count)")]
        if parts.count > 1 { metaVariables.append(("QUERY_STRING", String(parts[1]))) }
        if let session { metaVariables.append(("HTTP_X_SESSION_KEY", session)) }
        for (name, value) in headers { metaVariables.append(("HTTP_" + name.uppercased().replacing("-", with: "_"), value)) }
        let isTooLarge = body.utf8.count > router.settings.bodyLimit
        return await router.respond(
            to: Request(
                metaVariables: metaVariables.map { (name: $0.0, value: $0.1) },
                body: isTooLarge ? .tooLarge : .complete(Array(body.utf8))))
    }

    /// One turn of a session.
    func chat(_ text: String, session: String = "a", headers: KeyValuePairs<String, String> = [:]) async -> Response {
        await send("POST", "/v1/chat/completions", session: session, headers: headers, body: Self.body(text))
    }

    /// Whether a turn waits for the session's lock, in this store or in another one.
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

    static func body(_ text: String) -> String { #"{"messages":[{"role":"user","content":"\#(text)"}]}"# }
}

extension Response {
    func header(_ name: String) -> String? { headers.first { $0.name.lowercased() == name }?.value }

    /// The body, where it is whole.
    var bytes: [UInt8] {
        guard case .bytes(let bytes) = body else { return [] }
        return bytes
    }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The assistant's text.
    var answer: String? {
        struct Completion: Decodable {
            struct Choice: Decodable {
                struct Message: Decodable { var content: String }
                var message: Message
            }
            var choices: [Choice]
        }
        return (try? JSONDecoder().decode(Completion.self, from: Data(bytes)))?.choices.first?.message.content
    }
}

/// A data directory of one test; it goes with the test.
final class DataDirectory: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/nanobot-test-\(UUID())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The session files.
    var files: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: path + "/sessions").sorted() }
    }
}
