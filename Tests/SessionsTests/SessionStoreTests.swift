import Chat
import Foundation
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("The session store")
struct SessionStoreTests {
    @Test("a turn sees the turns before it, and no other session's")
    func memory() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        #expect(try await store.say("one", to: "a:b") == [])
        #expect(try await store.say("other", to: "a_b") == [])
        #expect(try await store.say("two", to: "a:b") == ["one"])
        #expect(try await directory.store().say("three", to: "a:b") == ["one", "two"])
        #expect(try directory.names(in: "sessions") == ["a%3Ab.json", "a_b.json"])
    }

    @Test("a turn of another process is seen at once")
    func twoStores() async throws {
        let directory = try TemporaryDirectory()
        let (first, second) = (try directory.store(), try directory.store())
        var said: [String] = []
        for number in 0..<10 {
            let store = number.isMultiple(of: 2) ? first : second
            #expect(try await store.say("\(number)") == said)
            said.append("\(number)")
        }
    }

    @Test(
        "the model sees the newest turns that fit the limits",
        arguments: [
            (ContextLimits(maxTurns: 3), ["7", "8", "9"]),
            (ContextLimits(maxTurns: 1), ["9"]),
            // A turn of "n" and "Hi" is 4 + 1 and 4 + 1 tokens.
            (ContextLimits(maxTokens: 25), ["8", "9"]),
            (ContextLimits(maxTokens: 1), ["9"]),
        ])
    func window(_ limits: ContextLimits, expected: [String]) async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store(limits: limits)
        for number in 0..<10 { try await store.say("\(number)") }
        #expect(try await directory.store(limits: limits).say("cold") == expected)
        try FileManager.default.removeItem(atPath: directory.path.string)
    }

    @Test("the cache and the file give the same window")
    func cacheAgrees() async throws {
        let (cached, read) = (try TemporaryDirectory(), try TemporaryDirectory())
        let limits = ContextLimits(maxTurns: 4, maxTokens: 100)
        let store = try cached.store(limits: limits)
        for number in 0..<30 {
            let text = String(repeating: number.isMultiple(of: 3) ? "词" : "word ", count: number)
            #expect(try await store.say(text) == read.store(limits: limits).say(text))
        }
    }

    @Test("a turn that fails stores nothing")
    func failure() async throws {
        struct Broken: Error {}
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        await #expect(throws: Broken.self) { try await store.turn(of: SessionKey("a"), from: .make()) { _ in throw Broken() } }
        #expect(try directory.names(in: "sessions") == [])
        try await store.say("one")
        await #expect(throws: Broken.self) { try await store.turn(of: SessionKey("a"), from: .make()) { _ in throw Broken() } }
        #expect(try await store.say("two") == ["one"])
    }

    @Test("parallel turns of one session run one after the other, in two stores as well")
    func parallelTurns() async throws {
        let directory = try TemporaryDirectory()
        let stores = [try directory.store(), try directory.store()]
        let counts = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<60 { group.addTask { try await stores[number % 2].say("\(number)").count } }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(counts.sorted() == Array(0..<60))
    }

    @Test("a data directory that cannot be created is an error of one sentence")
    func unusableDirectory() throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(fileURLWithPath: directory.path.appending("file").string))
        let error = #expect(throws: SessionError.self) {
            try SessionStore(directory: directory.path.appending("file").appending("below"), logger: .test())
        }
        #expect(error?.code == .storageUnavailable)
    }
}
