import Foundation
import TestSupport
import Testing

@testable import Sessions

@Suite("Any sequence of retries")
struct RetryPropertyTests {
    private struct Stored {
        var id: String
        var key: String?
    }

    @Test(
        "a retry finds the newest turn with its key, in every process, whatever the clocks said, and no other",
        arguments: TestLength.seeds(20))
    func retries(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let directory = try TemporaryDirectory()
        let stores = [try directory.store(), try directory.store()]
        let key = try SessionKey("a")
        var turns: [Stored] = []
        let ages = (0..<40).map { _ in TimeInterval.random(in: -200_000...200_000, using: &generator) }
        for (number, age) in ages.enumerated() {
            let store = Bool.random(using: &generator) ? stores[0] : stores[1]
            if Int.random(in: 0..<8, using: &generator) == 0, !turns.isEmpty {
                #expect(try await store.undo(key).turn.id == turns.removeLast().id)
            }
            let name = (0..<6).randomElement(using: &generator).map { $0 == 0 ? nil : "key \"\($0)\" 微" } ?? nil
            let found = turns.last { $0.key == name && name != nil }
            let id = "turn-\(number)"
            let (turn, isReplayed) = try await store.turn(of: key, from: .make(name)) { _ in
                var turn = Turn.make("\(number)", id: id, idempotencyKey: name)
                turn.at = Date(timeIntervalSinceNow: -age).ISO8601Format()
                return turn
            }
            #expect(turn.id == found?.id ?? id)
            #expect(isReplayed == (found != nil))
            if found == nil { turns.append(Stored(id: id, key: name)) }
        }
        let stored = try await stores[0].page(of: key, messages: 1000).turns.map(\.id)
        #expect(stored == turns.map(\.id))
    }
}
