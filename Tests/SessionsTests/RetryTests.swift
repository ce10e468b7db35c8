@testable import Files
import SystemPackage
@testable import TestSupport
import Testing

@testable import Sessions

@Suite("Tries of one request in several processes")
struct RetryTests {
    /// Starts a turn of session `a`, whose model waits for the gate.
    private func start(_ store: SessionStore, _ name: String, id: String? = nil, isRetry: Bool = false, _ gate: Gate? = nil) -> Task<
        (id: String, isReplayed: Bool), any Error
    > {
        Task {
            let origin = Turn.Origin.make(body: name, isRetry: isRetry)
            let id = id ?? "turn-\(name)\(isRetry ? "-retry" : "")"
            let (turn, isReplayed) = try await store.turn(of: SessionKey("a"), from: origin) { _ in
                await gate?.pass()
                var turn = Turn.make(name, id: id)
                turn.request = origin
                return turn
            }
            return (turn.id, isReplayed)
        }
    }

    @Test("a first try whose retry came before it in another process gets the retry's turn", arguments: [false, true])
    func overtaken(isNew: Bool) async throws {
        let directory = try TemporaryDirectory()
        let (store, other) = (try directory.store(), try directory.store())
        if !isNew { try await store.say("one") }
        let key = try SessionKey("a")
        let gate = Gate()
        let running = start(store, "before", gate)
        while gate.arrivals == 0 { await Task.yield() }
        // The head of the queue between processes.
        let retry = start(other, "next", isRetry: true)
        let probe = try LockFile(store.lock.path(for: key.queueOffset), in: HostFileSystem())
        #expect(
            try await eventually {
                guard try probe.claimIfFree(key.queueOffset) else { return true }
                probe.free(key.queueOffset)
                return false
            })
        let first = start(store, "next")
        while store.lock.waiterCount(key) == 0 { await Task.yield() }
        gate.open()
        #expect(try await running.value.isReplayed == false)
        #expect(try await retry.value == ("turn-next-retry", false))
        #expect(try await first.value == ("turn-next-retry", true))
        #expect(try await store.summary(of: key).turnCount == (isNew ? 2 : 3))
    }

    @Test("a retry finds its first try's turn behind another one that was stored while it waited")
    func behindAnother() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let key = try SessionKey("a")
        let gate = Gate()
        let first = start(store, "next", gate)
        while gate.arrivals == 0 { await Task.yield() }
        let between = start(store, "between")
        while store.lock.waiterCount(key) == 0 { await Task.yield() }
        let retry = start(store, "next", isRetry: true)
        while store.lock.waiterCount(key) == 1 { await Task.yield() }
        // The same words once more, by somebody who does not repeat a request.
        let again = start(store, "next")
        while store.lock.waiterCount(key) == 2 { await Task.yield() }
        gate.open()
        #expect(try await first.value == ("turn-next", false))
        #expect(try await between.value.isReplayed == false)
        #expect(try await retry.value == ("turn-next", true))
        #expect(try await again.value.isReplayed == false)
        #expect(try await store.summary(of: key).turnCount == 3)
    }

    @Test("the same words are a new turn if an earlier one was of a retry and the file was replaced meanwhile")
    func replacedFile() async throws {
        let directory = try TemporaryDirectory()
        let store = try directory.store()
        let key = try SessionKey("a")
        _ = try await start(store, "next", isRetry: true).value
        let gate = Gate()
        let running = start(store, "before", gate)
        while gate.arrivals == 0 { await Task.yield() }
        let undo = Task { try await store.undo(key).turn.id }
        while store.lock.waiterCount(key) == 0 { await Task.yield() }
        let again = start(store, "next")
        while store.lock.waiterCount(key) == 1 { await Task.yield() }
        gate.open()
        #expect(try await running.value.isReplayed == false)
        #expect(try await undo.value == "turn-before")
        #expect(try await again.value == ("turn-next", false))
        #expect(try await store.summary(of: key).turnCount == 2)
    }

    @Test("a retry is a new turn if its first try, with the last turn's words, was cancelled while another process had the session")
    func cancelledWait() async throws {
        let directory = try TemporaryDirectory()
        let (store, other) = (try directory.store(), try directory.store())
        let key = try SessionKey("a")
        _ = try await start(store, "next").value
        let (holding, gate) = (Gate(), Gate())
        let holder = Task {
            try await other.lock.withLock(key) {
                holding.open()
                await gate.pass()
            }
        }
        await holding.pass()
        let first = start(store, "next")
        first.cancel()
        await #expect(throws: CancellationError.self) { _ = try await first.value }
        gate.open()
        try await holder.value
        #expect(try await start(other, "next", isRetry: true).value == ("turn-next-retry", false))
    }

    @Test("a retry is a new turn if its first try, with the last turn's words, waited in a process that died")
    func deadWaiter() async throws {
        let system = SimulatedFileSystem()
        let store = try system.store()
        let key = try SessionKey("a")
        _ = try await start(store, "next").value
        let gate = Gate()
        let running = start(store, "before", gate)
        while gate.arrivals == 0 { await Task.yield() }
        let first = start(store, "next")
        while store.lock.waiterCount(key) == 0 { await Task.yield() }
        let survivor = try SimulatedFileSystem(system.disk).store()
        gate.open()
        _ = try await (running.value, first.value)
        #expect(try await start(survivor, "next", isRetry: true).value == ("turn-next-retry", false))
        // The retry of this one gets its answer.
        #expect(try await start(survivor, "next", isRetry: true).value == ("turn-next-retry", true))
    }

    @Test("a retry is never answered with what the same words got before, whichever call of its first try failed")
    func failedFirstTry() async throws {
        /// Says the same twice, the second time with a fault, and then retries. Gives the number of calls, and whether the fault was an error.
        func sayAgain(_ fault: SimulatedFileSystem.Fault? = nil) async throws -> (calls: Int, fails: Bool) {
            let system = SimulatedFileSystem()
            _ = try await start(try system.store(), "next").value
            // Another process, which has nothing in its memory.
            let store = try system.store()
            system.reset(fault)
            var fails = false
            do { _ = try await start(store, "next", id: "turn-again").value } catch is SessionError { fails = true }
            let calls = system.calls
            system.reset()
            let retry = try await start(store, "next", isRetry: true).value
            #expect(retry.id != "turn-next", "\(calls)")
            #expect(fails || retry.id == "turn-again")
            return (calls.count, fails)
        }
        var failures = 0
        for call in 1...(try await sayAgain().calls) {
            let fault = SimulatedFileSystem.Fault(call: call, effect: .failure(.tooManyOpenFiles))
            failures += try await sayAgain(fault).fails ? 1 : 0
        }
        #expect(failures > 5)
    }

    @Test("a keyed turn is found in a line that another tool has spaced anew")
    func spaced() async throws {
        let directory = try TemporaryDirectory()
        for number in 0..<3 { #expect(try await !directory.store().replays(number)) }
        let text = String(decoding: try directory.bytes("a.json"), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let spaced = lines.dropFirst().dropLast(2).map { $0.replacing("\":", with: "\": ") }
        try directory.write((lines.prefix(1) + spaced + lines.suffix(2)).joined(separator: "\n").utf8, to: "a.json")
        for number in 0..<3 { #expect(try await directory.store().replays(number)) }
    }

    @Test("a session that is deleted and made again with the same inode, size and time is not taken for the old one")
    func sameStatus() async throws {
        let system = AlteredFileSystem(repeatsStatus: true)
        var settings = SessionStore.Settings()
        settings.durability = .relaxed
        let stores = try (0..<2).map { _ in
            try SessionStore(directory: SimulatedFileSystem.directory, settings: settings, system: system, logger: .test(Log()))
        }
        for number in 0..<20 {
            try await stores[0].keyed("k", says: "old \(number)")
            try await stores[1].delete(SessionKey("a"))
            try await stores[1].keyed("k", says: "new \(number)")
            #expect(try await stores[0].history(of: SessionKey("a")).names == ["new"])
            // A retry of the new turn, in the process that knows the old one.
            #expect(try await stores[0].keyed("k", says: "new \(number)"))
            try await stores[0].delete(SessionKey("a"))
        }
    }
}

extension SessionStore {
    fileprivate func replays(_ number: Int) async throws -> Bool {
        try await turn(of: SessionKey("a"), from: .make("key \(number)")) { _ in
            .make("\(number)", id: "turn-\(number)", idempotencyKey: "key \(number)")
        }.isReplayed
    }

    @discardableResult
    fileprivate func keyed(_ key: String, says question: String) async throws -> Bool {
        try await turn(of: SessionKey("a"), from: .make(key, body: question)) { _ in
            var turn = Turn.make(question, id: "turn-\(question.hasPrefix("old") ? 1 : 2)", idempotencyKey: key)
            turn.request = .make(key, body: question)
            return turn
        }.isReplayed
    }
}
