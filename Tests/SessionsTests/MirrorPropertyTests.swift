import Chat
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Any conversation that a front end shows")
struct MirrorPropertyTests {
    /// Some of few words, so that much repeats.
    private static func words(_ count: Int, using generator: inout SplitMix64) -> [Message] {
        (0..<count).map { _ in
            Message(role: Bool.random(using: &generator) ? .user : .assistant, content: "\(Int.random(in: 0..<3, using: &generator))")
        }
    }

    private static func text(_ messages: [Message]) -> [String] { messages.map { "\($0.role.rawValue.prefix(1))\($0.content)" } }

    @Test(
        "the session ends with what is shown, the model sees just that, and what went is in the archive, in every process",
        arguments: TestLength.seeds(8))
    func mirrors(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let directory = try TemporaryDirectory()
        let stores = [try directory.store(), try directory.store()]
        let key = try SessionKey("a")
        var (stored, lost) = ([String](), [String]())
        for number in 0..<40 {
            let store = Bool.random(using: &generator) ? stores[0] : stores[1]
            let last = try? await store.page(of: key, messages: 1000).turns.flatMap(\.messages)
            var shown = last ?? []
            // The end goes, the beginning goes, or some message changes; or nothing.
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: shown.removeLast(min(shown.count, Int.random(in: 0..<4, using: &generator)))
            case 1: shown.removeFirst(min(shown.count, Int.random(in: 0..<4, using: &generator)))
            case 2 where !shown.isEmpty: shown[Int.random(in: 0..<shown.count, using: &generator)].content = "x"
            case 3: shown += Self.words(Int.random(in: 0..<3, using: &generator), using: &generator)
            default: break
            }
            let question = Message(role: .user, content: "\(Int.random(in: 0..<3, using: &generator))")
            let answer = Message(role: .assistant, content: "\(Int.random(in: 0..<3, using: &generator))")
            _ = try await store.turn(of: key, from: .make(body: "\(number)"), showing: shown) { [shown] history in
                #expect(Self.text(history.flatMap(\.messages)).suffix(shown.count) == Self.text(shown)[...])
                var turn = Turn.make(id: "turn-\(number)")
                turn.messages = [question, answer]
                return turn
            }
            let now = try await stores[0].page(of: key, messages: 1000).turns.flatMap(\.messages)
            #expect(Self.text(now).suffix(shown.count + 2) == Self.text(shown + [question, answer])[...])
            // Nothing is lost: what was stored is there still, or went to the archive now.
            let kept = zip(stored, Self.text(now)).prefix { $0 == $1 }.count
            lost += stored[kept...]
            stored = Self.text(now)
        }
        #expect(try archived(in: directory).count >= lost.count)
        var damages: [SessionDamage] = []
        try await stores[0].verify(repairs: false) { damages.append($0) }
        #expect(damages.isEmpty)
    }

    /// The messages in the archive, whose files have to be sessions.
    private func archived(in directory: TemporaryDirectory) throws -> [String] {
        guard FileManager.default.fileExists(atPath: directory.path.appending("archive").string) else { return [] }
        return try directory.names(in: "archive").flatMap { name -> [String] in
            let bytes = try Array(Data(contentsOf: URL(fileURLWithPath: directory.path.appending("archive").appending(name).string)))
            let session = try ImportedSession(bytes, name: name)
            #expect(session.key == (try SessionKey("a")))
            return try session.lines.flatMap { Self.text(try #require(SessionFile.turn(in: $0.bytes, ValueDecoder())).messages) }
        }
    }
}
