import Foundation
import Testing

extension Server {
    /// Checks that the files hold what was answered, and nothing else: every turn once, in order.
    func expectStored(_ logs: [Load.Log], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let answered = Dictionary(grouping: logs.flatMap(\.answered), by: \.session)
        // A hidden file is what a write that did not end left: no session.
        let names = try FileManager.default.contentsOfDirectory(atPath: dataDirectory + "/sessions").filter { !$0.hasPrefix(".") }
        #expect(Set(names) == Set(answered.keys.map { $0 + ".json" }), sourceLocation: sourceLocation)
        for (session, turns) in answered {
            let stored = try stored(session)
            #expect(stored.format == "nanobot-session/1" && stored.key == session, sourceLocation: sourceLocation)
            let wrong = zip(stored.turns, turns).first {
                $0.id != $1.id || $0.request.idempotency_key != $1.key || $0.question != $1.text
            }
            #expect(wrong?.1.key == nil && stored.turns.count == turns.count, "\(session)", sourceLocation: sourceLocation)
        }
    }
}
