import Foundation
import Testing

@Suite("Responders that are killed")
struct KillTests {
    /// `deploy/test --long` asks for more.
    private static let kills = ProcessInfo.processInfo.environment["NANOBOT_LONG_TESTS"] != nil ? 200 : 20
    private static let sessions = (1...50).map { "session\($0)" }

    @Test("every answered turn is in its file, once and in order, whenever a responder was killed", arguments: [1, 2])
    func answeredTurns(responders: Int) async throws {
        try await Site.run(responders: responders) { site in
            let logs = try await killUnderLoad(site, responders: responders)
            // Otherwise nothing was proved.
            #expect(logs.reduce(0) { $0 + $1.failures } >= Self.kills)
            #expect(logs.contains { $0.replays > 0 })

            let server = try site.server
            try server.expectStored(logs)
            try expectNothingAnswered(in: server.dataDirectory + "/quarantine", Set(logs.flatMap(\.answered).map(\.id)))
        }
    }

    /// Kills a responder again and again while clients send turns.
    private func killUnderLoad(_ site: Site, responders: Int) async throws -> [Load.Log] {
        let load = Load(port: site.port, paths: (1...responders).map { "/\($0)" + Server.chatPath })
        return try await load.run(Self.sessions) {
            for _ in 1...Self.kills {
                try #require(try await load.moment(), "\(site.responder().standardError)")
                try await site.killAndRestart(Int.random(in: 0..<responders))
            }
        }
    }

    /// Checks that what was cut off the files is no turn that was answered.
    private func expectNothingAnswered(in quarantine: String, _ ids: Set<String>) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: quarantine) {
            let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: "\(quarantine)/\(name)")), as: UTF8.self)
            let found = text.matches(of: /turn-[a-z0-9]{10,}/).map { String($0.output) }
            #expect(ids.isDisjoint(with: found), "\(name)")
        }
    }
}
