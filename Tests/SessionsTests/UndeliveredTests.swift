@testable import Files
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("Turns whose answer did not reach its client")
struct UndeliveredTests {
    private let directory: TemporaryDirectory
    /// Two processes.
    private let stores: [SessionStore]
    private let key: SessionKey

    init() throws {
        directory = try TemporaryDirectory()
        stores = [try directory.store(), try directory.store()]
        key = try SessionKey("a")
    }

    /// One request.
    private func ask(
        _ store: Int, _ body: String = "hello", id: String, isRetry: Bool = false, hasLeft: Bool = false, _ gate: Gate? = nil
    ) async throws -> (turn: Turn, isReplayed: Bool) {
        let origin = Turn.Origin.make(body: body, isRetry: isRetry)
        return try await stores[store].turn(of: key, from: origin, hasLeft: { hasLeft }) { _ in
            await gate?.pass()
            var turn = Turn.make(body, id: "turn-\(id)")
            turn.request = origin
            return turn
        }
    }

    private func id(_ result: (turn: Turn, isReplayed: Bool)) -> String { result.turn.id + (result.isReplayed ? " again" : "") }

    @Test("the next request with the same body gets the turn, in any process; then it was delivered, and the same words are a new turn")
    func next() async throws {
        for (number, hasLeft) in [true, false].enumerated() {
            let first = try await ask(0, id: "first\(number)", hasLeft: hasLeft)
            if !hasLeft { stores[0].noteUndelivered(first.turn, of: key) }
            #expect(id(try await ask(1, id: "second")) == "turn-first\(number) again")
            #expect(id(try await ask(1, id: "third\(number)")) == "turn-third\(number)")
        }
    }

    @Test("it is left again if the answer is lost again, and a retry that is counted takes it away, too", arguments: [false, true])
    func lostAgain(isCounted: Bool) async throws {
        _ = try await ask(0, id: "first", hasLeft: true)
        // Its client has left, too.
        #expect(id(try await ask(1, id: "second", hasLeft: true)) == "turn-first again")
        let third = try await ask(0, id: "third")
        #expect(id(third) == "turn-first again")
        stores[0].noteUndelivered(third.turn, of: key)
        #expect(id(try await ask(1, id: "fourth", isRetry: isCounted)) == "turn-first again")
        #expect(id(try await ask(1, id: "fifth")) == "turn-fifth")
    }

    @Test("other words are a new turn, and then the same words are one, too")
    func otherWords() async throws {
        let first = try await ask(0, id: "first", hasLeft: true)
        #expect(id(try await ask(1, "other", id: "second")) == "turn-second")
        stores[0].noteUndelivered(first.turn, of: key)
        #expect(id(try await ask(1, id: "third")) == "turn-third")
        #expect(id(try await ask(1, id: "fourth")) == "turn-fourth")
    }

    @Test("a request that waits while the client of the same words leaves gets their turn, even behind another one", arguments: [0, 1])
    func waits(second: Int) async throws {
        let (gate, hasLeft) = (Gate(), Gate())
        async let first = stores[0].turn(of: key, from: .make(body: "hello"), hasLeft: { hasLeft.isOpen }) { _ in
            await gate.pass()
            var turn = Turn.make(id: "turn-first")
            turn.request = .make(body: "hello")
            return turn
        }
        #expect(try await eventually { gate.arrivals == 1 })
        async let between = ask(0, "other", id: "between")
        #expect(try await eventually { stores[0].lock.waiterCount(key) == 1 })
        async let retry = ask(second, id: "retry")
        let probe = try LockFile(stores[0].lock.path(for: key.queueOffset), in: HostFileSystem())
        #expect(
            try await eventually {
                guard second == 1 else { return stores[0].lock.waiterCount(key) == 2 }
                guard try probe.claimIfFree(key.queueOffset) else { return true }
                probe.free(key.queueOffset)
                return false
            })
        hasLeft.open()
        gate.open()
        #expect(id(try await first) == "turn-first")
        #expect(id(try await retry) == "turn-first again")
        #expect(id(try await between) == "turn-between")
        // It was delivered meanwhile.
        #expect(id(try await ask(0, id: "new")) == "turn-new")
        #expect(id(try await ask(0, id: "newer")) == "turn-newer")
    }

    @Test("a request whose client left while it waited gets the turn of the same words that were stored meanwhile")
    func leavesWhileWaiting() async throws {
        let gate = Gate()
        async let before = ask(0, "before", id: "before", gate)
        #expect(try await eventually { gate.arrivals == 1 })
        async let first = ask(0, id: "first")
        #expect(try await eventually { stores[0].lock.waiterCount(key) == 1 })
        async let second = ask(0, id: "second", hasLeft: true)
        #expect(try await eventually { stores[0].lock.waiterCount(key) == 2 })
        gate.open()
        #expect(id(try await before) == "turn-before")
        #expect(id(try await first) == "turn-first")
        #expect(id(try await second) == "turn-first again")
    }

    @Test("in a session that mirrors a front end the same words ask for another answer, though the client of the first one had left")
    func mirror() async throws {
        _ = try await ask(0, id: "first", hasLeft: true)
        let origin = Turn.Origin.make(body: "hello")
        let second = try await stores[1].turn(of: key, from: origin, showing: []) { _ in
            var turn = Turn.make("hello", id: "turn-second")
            turn.request = origin
            return turn
        }
        #expect(id(second) == "turn-second")
        #expect(try await stores[0].page(of: key, messages: 10).turns.map(\.id) == ["turn-second"])
    }

    @Test("a turn with an idempotency key needs no mark, and nothing is written for an answer that is delivered")
    func noMark() async throws {
        let path = stores[0].lock.path(for: key.lockOffset)
        _ = try await stores[0].turn(of: key, from: .make("k"), hasLeft: { true }) { _ in .make(idempotencyKey: "k") }
        stores[0].noteUndelivered(.make(idempotencyKey: "k"), of: key)
        for body in ["one", "two"] { _ = try await ask(1, body, id: body) }
        #expect(try HostFileSystem().statusIfThere(path)?.size == 0)
        _ = try await ask(1, "three", id: "three", hasLeft: true)
        #expect(try #require(try HostFileSystem().statusIfThere(path)?.size) > 65_536)
    }
}
