import Foundation
import Harness
import TestSupport
import Testing
import Text

@testable import nanobot

@Suite("Web pages of other origins, through web servers")
struct CrossOriginTests {
    private static let (app, other) = ("https://app.example:8443", "https://other.example")
    private static let settings = #"{"cors":{"origins":["\#(app)"]}}"#
    private static let ways: [Deployment.Way] = [.nginx, .lighttpdCGI, .apacheCGI, .apache]

    /// The answers that a browser needs before it lets a page see anything.
    private func expectCrossOrigin(_ server: Server) async throws {
        let asked = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization,x-session-key,x-stainless-os"]
        let preflight = try await server.send("OPTIONS", Server.chatPath, headers: ["Origin: \(Self.app)"] + asked)
        #expect(preflight.status == 204 && preflight.headers["access-control-allow-origin"] == Self.app)
        #expect(preflight.headers["access-control-allow-headers"]?.hasSuffix("x-stainless-os") == true)
        let refused = try await server.send("OPTIONS", Server.chatPath, headers: ["Origin: \(Self.other)"] + asked)
        #expect(refused.headers.keys.allSatisfy { !$0.hasPrefix("access-control-") })
        let turn = try await server.chat("Hello", session: "page", headers: ["Origin: \(Self.app)"])
        #expect(turn.status == 200 && turn.headers["access-control-allow-origin"] == Self.app)
        #expect(turn.headers["vary"]?.hasSuffix("origin") == true)
        let lost = try await server.send("GET", "/v1/nothing", headers: ["Origin: \(Self.app)"])
        expectError(lost, 404, "not_found")
        #expect(lost.headers["access-control-allow-origin"] == Self.app)
    }

    /// A refusal that does not come from the program.
    private func expectOwnRefusal(_ server: Server, bytes: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        for origin in [Self.app, Self.other] {
            let body = [UInt8](repeating: UInt8(ascii: "x"), count: bytes)
            let refused = try await server.send(
                "POST", Server.chatPath, headers: ["x-session-key: a", "Origin: \(origin)", "Expect:"], body: body)
            #expect(refused.status == 413 && refused.headers["x-request-id"]?.hasPrefix("req_") != true, sourceLocation: sourceLocation)
            #expect(refused.headers["access-control-allow-origin"] == (origin == Self.app ? origin : nil), sourceLocation: sourceLocation)
        }
    }

    @Test("a page's origin reaches the program, and its answers the page", arguments: ways)
    func deployed(way: Deployment.Way) async throws {
        try await Deployment.run(way, settings: Self.settings, rule: try way.originRule()) { server in
            try await expectCrossOrigin(server)
            if way == .nginx { try await expectOwnRefusal(server, bytes: 17 << 20) }
        }
    }

    @Test("the web server of `serve` lets pages read its own refusals, too", arguments: Server.Kind.allCases)
    func served(kind: Server.Kind) async throws {
        let long = "https://" + String(repeating: "a", count: 250) + ".example"
        let environment = ["NANOBOT_CORS_ORIGINS": "\(Self.app),http://[::1]:80,\(long)", "NANOBOT_LIMITS_BODY_BYTES": "1024"]
        try await Server.run(kind, environment: environment) { server in
            try await expectCrossOrigin(server)
            // lighttpd refuses a long body before it looks at headers.
            if kind == .nginx { try await expectOwnRefusal(server, bytes: 20_000) }
        }
    }

    @Test("a page reads that the program is away", arguments: Server.Kind.allCases)
    func away(kind: Server.Kind) async throws {
        let (home, port) = (try TemporaryDirectory(), try Port.reserve())
        let webServer = try WebServer(kind == .nginx ? .nginx : .lighttpd)
        let site = WebServer.Site(
            host: "127.0.0.1", port: port, directory: home.path, socket: home.path + "/none", bodyLimit: 1 << 20,
            origins: [Self.app].compactMap(Origin.init))
        let configuration = try home.file("web.conf", webServer.configuration(site).utf8)
        let program = try Program(kind.rawValue, webServer.kind.arguments(configuration: configuration))
        let server = Server(port: port, program: program, home: home)
        #expect(try await eventually { SocketAddress.loopback(port).isAnswered })
        for origin in [Self.app, Self.other, Self.app] {
            let response = try await server.chat("Hello", session: "a", headers: ["Origin: \(origin)"])
            #expect(response.status == 503)
            #expect(response.headers["access-control-allow-origin"] == (origin == Self.app ? origin : nil))
        }
        program.send(webServer.kind.gracefulSignal)
        #expect(try await program.outcome().status == 0)
    }
}

extension Deployment.Way {
    /// The line of deploy/README.md with which lighttpd lets pages of an origin read its own errors; nginx has it in its files.
    fileprivate func originRule() throws -> String {
        guard isLighttpd else { return "" }
        let readme = try #require(FileManager.default.contents(atPath: Nanobot.deploy + "/README.md"))
        let lines = String(decoding: readme, as: UTF8.self).split(separator: "\n")
        let line = try #require(lines.first { $0.hasPrefix("    $REQUEST_HEADER[\"Origin\"]") })
        return "server.modules += ( \"mod_setenv\" )\n" + line
    }
}
