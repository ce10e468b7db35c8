import Chat
import Files
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Turns that ids name")
struct TurnPlaceTests {
    private static let epoch = 1_800_000_000

    private static func line(_ number: Int, time: Int, length: Int) -> [UInt8] {
        var turn = Turn.make("\(number) " + String(repeating: "x", count: length), id: "turn-\(number)z")
        turn.at = Date(timeIntervalSince1970: Double(time)).ISO8601Format()
        return turn.line
    }

    private static func reference(_ number: Int, time: Int) -> TurnReference { TurnReference(idPrefix: "turn-\(number)z", time: time) }

    @Test(
        "each turn is found by the time at which it began, whatever the lengths of lines, and whatever the clock did",
        arguments: [(1, 200), (3, 20_000), (40, 100), (0, 70_000)], [0, 1, 2])
    func find(kind: (step: Int, length: Int), disorder: Int) async throws {
        let (step, length) = kind
        var generator = SplitMix64(seed: UInt64(step + length + disorder))
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let key = try SessionKey("a")
        var times: [Int] = []
        var lines: [[UInt8]] = []
        for number in 0..<120 {
            let noise = disorder == 0 ? 0 : Int.random(in: disorder == 1 ? -5...5 : -100_000...100_000, using: &generator)
            times.append(Self.epoch + number * step + noise)
            lines.append(Self.line(number, time: times[number], length: Int.random(in: 0...length, using: &generator)))
        }
        let text = SessionFile.header(key, createdAt: Turn.time) + Array("\n".utf8) + Array(lines.joined(separator: Array(",\n".utf8)))
        try directory.write(text + SessionFile.closing, to: "a.json")
        for number in stride(from: 0, to: 120, by: 17) {
            for early in [0, 2, 600] {
                let turn = try await store.turn(Self.reference(number, time: times[number] - early), of: key)
                #expect(turn?.messages[0].content.hasPrefix("\(number) ") ?? false)
            }
        }
        for time in [0, Self.epoch, .max] {
            let turn = try await store.turn(Self.reference(500, time: time), of: key)
            #expect(turn == nil)
        }
        let history = try await store.history(of: key, upTo: Self.reference(17, time: times[17]))
        #expect(history.last?.messages[0].content.hasPrefix("17 ") ?? false)
    }

    @Test("a turn goes behind the last one or nowhere, and a branch has the turns before it")
    func places() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let key = try SessionKey("a")
        for name in ["one", "two"] { _ = try await store.say(name, length: 1) }
        func code(_ place: TurnPlace, _ key: SessionKey) async throws -> SessionError.Code? {
            do {
                _ = try await store.turn(of: key, from: .make(), at: place) { _ in .make("new 1", id: "turn-new") }
                return nil
            } catch let error as SessionError { return error.code }
        }
        func reference(_ name: String) -> TurnReference { TurnReference(idPrefix: "turn-\(name)", time: 0) }
        #expect(try await code(.after(reference("one")), key) == .notLast)
        #expect(try await code(.after(reference("none")), key) == .unknownTurn)
        #expect(try await code(.after(reference("one")), SessionKey("none")) == .unknownTurn)
        #expect(try await code(.newSession, key) == .exists)
        #expect(try await code(.branch(key, reference("one")), key) == .exists)
        #expect(try await code(.branch(key, reference("none")), SessionKey("b")) == .unknownTurn)
        #expect(try directory.names(in: "sessions") == ["a.json"])
        #expect(try await code(.branch(key, reference("one")), SessionKey("b")) == nil)
        #expect(try await store.say("next", length: 1, to: "b") == ["one", "new"])
        #expect(try await code(.after(reference("two")), key) == nil)
        #expect(try await store.say("next", length: 1) == ["one", "two", "new"])
    }

    @Test("a locator leads to its session alone, and a damaged one nowhere")
    func locators() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let key = try SessionKey("wx:dm:微信")
        let locator = SessionLocator(key)
        #expect(try store.key(at: locator) == nil)
        try store.locators.ensure(key, synchronizes: true)
        #expect(try store.key(at: locator) == key)
        #expect(SessionLocator(prefixOf: Substring(locator.description + "rest")) == locator)
        #expect(SessionLocator(prefixOf: Substring(locator.description.dropLast())) == nil)
        let file = directory.path.appending("locators").appending(locator.fileName).string
        for damage in ["", "wx:dm:other1", "\u{0}", "wx"] {
            try Data(damage.utf8).write(to: URL(fileURLWithPath: file))
            #expect(try store.key(at: locator) == nil)
            try store.locators.ensure(key, synchronizes: false)
            #expect(try store.key(at: locator) == key)
        }
        let unnamed = UnnamedSession(owner: UnnamedSession.everybody).key
        #expect(try store.key(at: SessionLocator(unnamed)) == unnamed)
        #expect(UnnamedSession(unnamed)?.key == unnamed)
        for text in [
            "resp:", "resp:a:b", "resp:aaaaaaaaaa:aaaaaaaaaaaaaaaa9", "resp:aaaaaaaaaa:aaaaaaaaaaaaaaaaa:",
            "rest:aaaaaaaaaa:aaaaaaaaaaaaaaaaa",
        ] {
            #expect(UnnamedSession(try SessionKey(text)) == nil)
        }
    }

    @Test("sessions that no client named are removed when they are old, and named ones stay")
    func unnamed() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let unnamed = UnnamedSession(owner: UnnamedSession.everybody).key
        for key in [unnamed.description, "resp:a", "b"] {
            try await store.say("one", to: key)
            let name = try SessionKey(key).fileName + ".json"
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: -86_400 * 40)], ofItemAtPath: directory.file(name).string)
        }
        var removed = 0
        for hours in [0.0, 25] {
            let now = Date(timeIntervalSinceNow: 3600 * hours)
            removed += try store.pruneOnce(olderThan: nil, unnamed: .seconds(30 * 86_400), now: now, diskTime: { _ in now })
        }
        #expect(removed == 1)
        #expect(try directory.names(in: "sessions") == ["b.json", "resp%3Aa.json"])
    }

    @Test("once there was an unnamed session, every process looks for old ones; before, none does")
    func looks() async throws {
        let directory = try TemporaryDirectory()
        func store() throws -> SessionStore {
            var settings = SessionStore.Settings()
            settings.unnamedRetention = .seconds(30 * 86_400)
            return try SessionStore(directory: directory.path, settings: settings, logger: .test())
        }
        func hasLooked() throws -> Bool { try directory.names(in: "").contains("retention") }
        let first = try store()
        try await first.say("one", to: "b")
        first.pruneOnceAnHour()
        #expect(try !hasLooked())
        try await first.say("one", to: UnnamedSession(owner: UnnamedSession.everybody).key.description)
        first.pruneOnceAnHour()
        #expect(try hasLooked())
        // Another process looks again: the hour has passed.
        let file = directory.path.appending("retention").string
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: file)
        try store().pruneOnceAnHour()
        let modified = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
        #expect(try #require(modified) > Date(timeIntervalSinceNow: -3600))
    }
}
