import ChatAPI
import Foundation
import Glibc
import Harness
import Logging
import Models
import Server
import SystemPackage
import TestSupport
import Testing

@testable import FastCGI
@testable import Sessions
@testable import nanobot
import Concurrency

/// The responder with a model of the test's own, in this process, behind a real web server with the configuration that is shipped.
struct HeldSite: Sendable {
    enum Front: String, CaseIterable, CustomTestStringConvertible {
        case nginx
        case lighttpd
        case apache

        var testDescription: String { rawValue }
    }

    let port: Int
    let sessions: SessionStore
    private let home: TemporaryDirectory
    private let listener: Listener
    private let webServer: Program
    private let stopSignal: CInt

    /// Runs `body` with a site that is stopped afterwards, whatever happens. Nothing may be left unfinished then.
    static func run(
        _ front: Front, _ model: any ChatModel, home: TemporaryDirectory? = nil, onDisconnect: DisconnectPolicy = .finish,
        configure: (inout ChatService.Settings) -> Void = { _ in }, _ body: (HeldSite) async throws -> Void
    ) async throws {
        let site = try await HeldSite(front, model, try home ?? TemporaryDirectory(), onDisconnect, configure)
        do {
            try await body(site)
        } catch {
            try await site.stop()
            throw error
        }
        try await site.stop()
    }

    private init(
        _ front: Front, _ model: any ChatModel, _ home: TemporaryDirectory, _ onDisconnect: DisconnectPolicy,
        _ configure: (inout ChatService.Settings) -> Void
    ) async throws {
        let port = try Port.reserve()
        (self.home, self.port) = (home, port)
        var settings = ChatService.Settings()
        settings.streams = true
        configure(&settings)
        let socket = home.path + "/responder.sock"
        let logger = Logger.test()
        let workers = try WorkerPool(threads: 4)
        sessions = try SessionStore(directory: FilePath(home.path + "/data"), logger: logger)
        let service = ChatService(
            settings: settings, sessions: sessions, models: ModelCatalog(default: ModelCatalog.Entry(id: "nanobot", model: model)),
            logger: logger)
        var options = ServerOptions()
        options.onDisconnect = onDisconnect
        let server = service.server(guarding: nil, sessionNames: .hash, options: options, logger: logger)
        listener = try Listener(socket: try ListeningSocket(unixPath: socket), workers: workers, logger: logger, longHeadResponse: { [] }) {
            exchange in
            await server.serve(exchange)
        }
        try listener.start()
        switch front {
        case .nginx, .lighttpd:
            let server = try WebServer(front == .nginx ? .nginx : .lighttpd)
            let text = server.configuration(
                WebServer.Site(host: "127.0.0.1", port: port, directory: home.path, socket: socket, bodyLimit: 1 << 20))
            webServer = try Program(front.rawValue, server.kind.arguments(configuration: try home.file("web.conf", text.utf8)))
            stopSignal = server.kind.gracefulSignal
        case .apache:
            chmod(socket, 0o666)
            let shipped = Nanobot.deploy + "/apache/nanobot.conf"
            let text = Apache.configuration(
                port: port, directory: home.path, modules: ["proxy", "proxy_fcgi"], "Define NANOBOT_SOCKET \(socket)\nInclude \(shipped)")
            let configuration = try home.file("web.conf", text.utf8)
            webServer = try Program("apache2", ["-D", "FOREGROUND", "-f", configuration])
            stopSignal = SIGWINCH
        }
        let program = webServer
        let answers = try await eventually { SocketAddress.loopback(port).isAnswered }
        try #require(answers, "\(program.standardError)")
    }

    /// How many requests the web server has given up that are still being served.
    var abandonedCount: Int {
        listener.connections.withLock { Array($0.values) }.count { connection in
            connection.state.withLock { $0.phase == .serving && connection.isAbandoned }
        }
    }

    /// How many turns wait for a session.
    func waiterCount(_ key: SessionKey) -> Int { sessions.lock.waiterCount(key) }

    private func stop() async throws {
        webServer.send(stopSignal)
        _ = try await webServer.outcome()
        let listener = listener
        #expect(try await onOwnThread { listener.stop(patience: .seconds(120)) } == 0)
    }
}
