import Foundation
import Harness
import TestSupport
import Testing

extension PowerCutTests {
    /// A request, and what it makes of the sessions.
    private struct Step {
        var request: Request
        var after: Sessions
        var session: String

        /// The text of a chat is the step's number.
        init(_ number: Int, in sessions: Sessions, using generator: inout SplitMix64) {
            let keys = PowerCutSite.keys.shuffled(using: &generator)
            let (key, other) = (keys[0], keys[1])
            (session, after) = (key, sessions)
            switch Int.random(in: 0..<8, using: &generator) {
            case 0:
                request = .delete(key)
                after[key] = nil
            case 1:
                request = .undo(key)
                after[key] = sessions[key].map { Array($0.dropLast()) }
            case 2:
                request = .fork(key, to: other)
                session = other
                if sessions[other] == nil { after[other] = sessions[key] }
            default:
                request = .chat("\(number)", session: key)
                after[key, default: []].append("\(number)")
            }
        }
    }

    @Test("whatever is answered, and whenever a responder is killed, a power cut leaves what was told", arguments: TestLength.seeds(2))
    func random(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        try await PowerCutSite.run { site in
            var sessions: Sessions = [:]
            for number in 1...10 {
                let step = Step(number, in: sessions, using: &generator)
                let comment = "NANOBOT_SEED=\(seed), step \(number): \(step.request.method) \(step.request.path) of \(step.session)"
                let killer = Bool.random(using: &generator) ? Int.random(in: 1...2, using: &generator) : nil
                var (response, remains) =
                    if let killer { try await site.send(step.request, killedAtSync: killer) } else { try await site.send(step.request) }
                if response.status == 502 {
                    try await Self.expect(sessions, step.after, in: remains, comment: comment)
                    (response, remains) = try await site.send(.read(step.session))
                    let told = try await site.sessions()
                    #expect([sessions, step.after].contains(told), "\(told) \(comment)")
                    sessions = told
                    try await Self.expect(sessions, in: remains, comment: comment)
                    guard step.request.path == Server.chatPath else { continue }
                    (response, remains) = try await site.send(step.request)
                }
                // Unless there was nothing to change.
                #expect(response.status == 200 || sessions == step.after, "\(response.status) \(comment)")
                sessions = step.after
                try await Self.expect(sessions, in: remains, replaying: step.request, response, comment: comment)
            }
        }
    }
}
