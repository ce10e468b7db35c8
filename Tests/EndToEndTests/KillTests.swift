import Foundation
import Testing

@Suite("Responders that are killed")
struct KillTests {
    /// `deploy/test --long` asks for more.
    private static let kills = ProcessInfo.processInfo.environment["NANOBOT_LONG_TESTS"] != nil ? 200 : 20
    private static let sessions = (1...50).map { "session\($0)" }
    private static let clients = 8

    @Test("every answered turn is in its file, once and in order, whenever a responder was killed", arguments: [1, 2])
    func answeredTurns(responders: Int) async throws {
        try await Site.run(responders: responders) { site in
            let logs = try await killUnderLoad(site, responders: responders)
            // Otherwise nothing was proved.
            #expect(logs.reduce(0) { $0 + $1.failures } >= Self.kills)
            #expect(logs.contains { $0.replays > 0 })

            let server = try site.server
            let answered = Dictionary(grouping: logs.flatMap(\.answered), by: \.session)
            // A hidden file is what a killed process had begun to write: no session.
            let names = try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions")
            #expect(Set(names.filter { !$0.hasPrefix(".") }) == Set(answered.keys.map { $0 + ".json" }))
            for (session, turns) in answered {
                let stored = try server.stored(session)
                #expect(stored.format == "nanobot-session/1" && stored.key == session)
                let wrong = zip(stored.turns, turns).first {
                    $0.id != $1.id || $0.request.idempotency_key != $1.key || $0.question != $1.text
                }
                #expect(wrong?.1.key == nil && stored.turns.count == turns.count, "\(session)")
            }
            try expectNothingAnswered(in: server.dataDirectory + "/quarantine", Set(logs.flatMap(\.answered).map(\.id)))
        }
    }

    /// Kills a responder again and again while clients send turns, each on sessions of its own.
    private func killUnderLoad(_ site: Site, responders: Int) async throws -> [Load.Log] {
        let load = Load(port: site.port, responders: responders)
        return try await withThrowingTaskGroup(of: Load.Log.self) { group in
            for client in 0..<Self.clients {
                let sessions = Self.sessions.enumerated().filter { $0.offset % Self.clients == client }.map(\.element)
                group.addTask { try await onOwnThread { try load.run(sessions) } }
            }
            do {
                defer { load.stop() }
                for _ in 1...Self.kills {
                    let (answers, moment) = (load.answerCount, ContinuousClock.now + .milliseconds(Int.random(in: 20...150)))
                    let isUnderLoad = try await eventually { load.answerCount > answers && .now >= moment }
                    try #require(isUnderLoad, "\(site.responder().standardError)")
                    try await site.killAndRestart(Int.random(in: 0..<responders))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
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
