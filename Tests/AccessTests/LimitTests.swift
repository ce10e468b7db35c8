import Concurrency
import Files
import Foundation
import Harness
import Logging
import SystemPackage
import Testing

@testable import Access
@testable import TestSupport

@Suite("Limits of API keys")
struct LimitTests {
    /// Several processes' stores over one data directory, and a clock.
    private final class Fixture: Sendable {
        let home: TemporaryDirectory
        let lines = Log<LogLine>()
        let now = Mutex(Date(timeIntervalSince1970: 1_800_000_000))
        let key: APIKey

        init(id: String = "key_a", _ change: (inout KeyLimits) -> Void) throws {
            home = try TemporaryDirectory()
            var key = APIKey.make("a").key
            key.id = id
            change(&key.limits)
            self.key = key
        }

        var store: LimitStore {
            LimitStore(dataDirectory: FilePath(home.path), logger: .test(lines), now: { [self] in now.withLock(\.self) })
        }

        func pass(_ seconds: Double) { now.withLock { $0 += seconds } }

        func request(_ kind: Meter.Kind = .chat) -> Meter { Meter(kind, of: key, in: store) }

        var files: [String] { (try? FileManager.default.contentsOfDirectory(atPath: home.path + "/limits")) ?? [] }

        func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: home.path + "/limits/key_a")) }
    }

    @Test("of a minute's requests as many pass as may, in every process, and the next minute begins anew")
    func requests() throws {
        let fixture = try Fixture { $0.rpm = 3 }
        #expect((1...5).map { _ in fixture.request(.request).refusal } == [nil, nil, nil, .requests, .requests])
        #expect(fixture.request(.question).refusal == nil)
        let headers = fixture.request().headers.map { "\($0.name): \($0.value)" }
        #expect(
            headers == [
                "x-ratelimit-limit-requests: 3", "x-ratelimit-remaining-requests: 0", "x-ratelimit-reset-requests: 1m0s",
            ])
        fixture.pass(59.4)
        #expect(fixture.request().refusal == .requests)
        #expect(fixture.request().headers.last?.value == "600ms")
        fixture.pass(0.6)
        #expect(fixture.request().rest.rpm == 2)
        #expect(fixture.lines.entries.isEmpty)
    }

    @Test("64 clients of four processes at once get no request more through than may", arguments: [(100, 34), (20, 20)])
    func together(rpm: Int, expected: Int) throws {
        let fixture = try Fixture { ($0.rpm, $0.tpm) = (rpm, 1000) }
        let stores = (0..<4).map { _ in fixture.store }
        let passed = try inParallel(64) { index in
            var passed = 0
            for _ in 0..<4 {
                let meter = Meter(.chat, of: fixture.key, in: stores[index % 4])
                if meter.refusal == nil, (try? meter.reserve(LimitAmount(tokens: 30, cost: 0))) != nil { passed += 1 }
            }
            return passed
        }
        // The last one begins below the limit.
        #expect(passed.reduce(0, +) == expected)
        let counts = try fixture.store.file(of: "key_a").counts
        #expect(counts.tokens == expected * 30 && counts.requests <= rpm)
    }

    @Test("what is reserved counts until it is settled, and a failed turn costs nothing")
    func reservation() throws {
        let fixture = try Fixture { ($0.tpm, $0.tokensPerDay, $0.budgetPerMonth) = (100, 150, 10) }
        let first = fixture.request()
        try first.reserve(LimitAmount(tokens: 200, cost: 2))
        #expect(fixture.request().refusal == .dayTokens)
        first.settle(LimitAmount(tokens: 40, cost: 0.5))
        first.settle(LimitAmount(tokens: 1000, cost: 1000))
        let second = fixture.request()
        #expect(second.refusal == nil && second.rest.tpm == 60 && second.rest.tokensPerDay == 110 && second.rest.budgetPerMonth == 9.5)
        try second.reserve(LimitAmount(tokens: 70, cost: 1))
        #expect(throws: LimitError.tokens) { try fixture.request().reserve(LimitAmount(tokens: 1, cost: 0)) }
        second.settle(LimitAmount(tokens: 0, cost: 0))
        #expect(fixture.request().rest.tpm == 60)
        // A turn that ends in another minute is counted in that one; what it reserved in the one before is gone with it.
        try second.reserve(LimitAmount(tokens: 90, cost: 0))
        fixture.pass(60)
        second.settle(LimitAmount(tokens: 30, cost: 9.5))
        #expect(fixture.request().refusal == .budget)
        #expect(fixture.request().rest.tpm == 70 && fixture.request().rest.tokensPerDay == 80)
        fixture.pass(86_400 * 31)
        #expect(fixture.request().refusal == nil)
        #expect(fixture.lines.entries.isEmpty)
    }

    @Test("what a turn used is seen by its own process at once, and by others with the next request or when the process ends")
    func settledLater() throws {
        let fixture = try Fixture { $0.tpm = 100 }
        let workers = try WorkerPool(threads: 1)
        let store = LimitStore(
            dataDirectory: FilePath(fixture.home.path), executor: workers, logger: .test(), now: { fixture.now.withLock(\.self) })
        func used(_ store: LimitStore) -> Int? { Meter(.question, of: fixture.key, in: store).rest.tpm.map { 100 - $0 } }
        func turn(_ tokens: Int) throws {
            let meter = Meter(.chat, of: fixture.key, in: store)
            try meter.reserve(LimitAmount(tokens: 50, cost: 0))
            meter.settle(LimitAmount(tokens: tokens, cost: 0))
        }
        try turn(10)
        #expect(used(store) == 10 && used(fixture.store) == 50)
        try turn(20)
        #expect(used(store) == 30 && used(fixture.store) == 60)
        store.flush()
        #expect(used(fixture.store) == 30)
    }

    @Test("a key without limits of tokens and money has used none when it gets one")
    func later() throws {
        let fixture = try Fixture { ($0.rpm, $0.parallel) = (10, 2) }
        let meter = fixture.request()
        try meter.reserve(LimitAmount(tokens: 1000, cost: 1))
        meter.settle(LimitAmount(tokens: 10, cost: 0.1))
        meter.end()
        let counts = try fixture.store.file(of: "key_a").counts
        #expect(counts.tokens == 0 && counts.dayTokens == 0 && counts.cost == 0 && counts.requests == 1)
    }

    @Test("chats at once are counted over processes, and end with their requests")
    func parallel() throws {
        let fixture = try Fixture { $0.parallel = 2 }
        let (first, second) = (fixture.request(), fixture.request())
        #expect(first.refusal == nil && second.refusal == nil)
        #expect(fixture.request().refusal == .parallel)
        // Only chats take a place.
        #expect(fixture.request(.request).refusal == nil)
        first.end()
        do {
            let third = fixture.request()
            #expect(third.refusal == nil && fixture.request().refusal == .parallel)
        }
        #expect(fixture.request().refusal == nil)
        second.end()
    }

    @Test("a publishable key's budget is that of all visitors; its other limits hold for each visitor, and for each address")
    func visitors() throws {
        let fixture = try Fixture { ($0.rpm, $0.budgetPerMonth) = (2, 10) }
        func ask(_ visitor: String, _ address: String) -> LimitError? {
            Meter(.request, of: fixture.key, visitor: visitor, address: address, in: fixture.store).refusal
        }
        #expect([ask("v_1", "192.0.2.1"), ask("v_2", "192.0.2.2")] == [nil, nil])
        // The same visitor elsewhere, and another one at the same address.
        #expect([ask("v_1", "192.0.2.3"), ask("v_1", "192.0.2.4"), ask("v_1", "192.0.2.4")] == [nil, .requests, .requests])
        #expect([ask("v_3", "::ffff:192.0.2.1"), ask("v_4", "192.0.2.1")] == [nil, .requests])
        #expect([ask("v_5", "2001:db8::1"), ask("v_6", "2001:db8::ffff:1"), ask("v_7", "2001:db8::2")] == [nil, nil, .requests])
        #expect([ask("v_8", ""), ask("v_9", ""), ask("v_10", ""), ask("v_11", "2001:db8:0:1::1")] == [nil, nil, .requests, nil])
        let meter = Meter(.chat, of: fixture.key, visitor: "v_20", address: "198.51.100.1", in: fixture.store)
        #expect(meter.rest.rpm == 1 && meter.rest.budgetPerMonth == 10 && meter.headers.count == 3)
        try meter.reserve(LimitAmount(tokens: 5, cost: 11))
        #expect(ask("v_21", "198.51.100.2") == nil)
        let other = Meter(.chat, of: fixture.key, visitor: "v_22", address: "198.51.100.3", in: fixture.store)
        #expect(other.refusal == .budget)
        meter.settle(LimitAmount(tokens: 5, cost: 1))
        #expect(Meter(.chat, of: fixture.key, visitor: "v_22", address: "198.51.100.3", in: fixture.store).refusal == nil)
    }

    @Test("a limit of 0 lets nothing through, and the greatest one everything")
    func extremes() throws {
        for change: (inout KeyLimits) -> Void in [
            { $0.rpm = 0 }, { $0.tpm = 0 }, { $0.tokensPerDay = 0 }, { $0.budgetPerMonth = 0 }, { $0.parallel = 0 },
        ] {
            #expect(try Fixture(change).request().refusal != nil)
        }
        let fixture = try Fixture { ($0.rpm, $0.tpm, $0.tokensPerDay, $0.budgetPerMonth) = (.max, .max, .max, 1e12) }
        for _ in 1...2 {
            let meter = fixture.request()
            #expect(meter.refusal == nil)
            try meter.reserve(LimitAmount(tokens: .max - 1, cost: .infinity))
            meter.settle(LimitAmount(tokens: .max - 1, cost: .nan))
            fixture.pass(60)
        }
        #expect(fixture.request().refusal == .dayTokens)
    }

    @Test("a clock that goes back begins new periods, and says so once; a few seconds between machines are no such thing")
    func clock() throws {
        let fixture = try Fixture { ($0.rpm, $0.tokensPerDay) = (1, 10) }
        #expect(fixture.request().refusal == nil)
        fixture.pass(-5)
        #expect(fixture.request().refusal == .requests)
        #expect(fixture.lines.entries.isEmpty)
        fixture.pass(-3600 * 24 * 400)
        #expect([fixture.request(.request), fixture.request(.request)].map(\.refusal) == [nil, .requests])
        #expect(fixture.lines.entries.map(\.level) == [.warning])
        fixture.pass(3600 * 24 * 400)
        #expect([fixture.request(.request), fixture.request(.request)].map(\.refusal) == [nil, .requests])
        for time in [-1e300, 1e300, .nan, .infinity] {
            fixture.now.withLock { $0 = Date(timeIntervalSince1970: time) }
            #expect([fixture.request(.request), fixture.request(.request)].map(\.refusal) == [nil, .requests], "\(time)")
        }
    }

    @Test(
        "a damaged file begins anew with this request, and the log says so",
        arguments: [
            "{", String(repeating: "\0", count: 256), String(repeating: "x", count: 100_000), "{}", #"{"minute":30000000,"requests":-1}"#,
            "{\"minute\":30000000,\"requests\":0,\"tokens\":0,\"day\":1,\"dayTokens\":99999999999999999999,\"month\":1,\"cost\":1e999}",
        ])
    func damage(text: String) throws {
        let fixture = try Fixture { $0.rpm = 1 }
        #expect(fixture.request().refusal == nil)
        try fixture.write(Array(text.utf8) + Array(repeating: UInt8(ascii: " "), count: max(0, 256 - text.utf8.count)))
        #expect([fixture.request(.request), fixture.request(.request)].map(\.refusal) == [nil, .requests])
        #expect(fixture.lines.entries.count == 1 && fixture.lines.entries[0].message.contains("begins anew"))
    }

    @Test("an id from a key file names a file of this directory, whatever it is, and no other key's")
    func names() throws {
        for id in ["../../a", ".", "..", "a/b", "key_a\u{0}", "=x", "é"] {
            let fixture = try Fixture(id: id) { $0.rpm = 1 }
            #expect([fixture.request(.request), fixture.request(.request)].map(\.refusal) == [nil, .requests])
            #expect(fixture.files.count == 1 && fixture.files.first?.hasPrefix("=") == true)
        }
    }

    @Test("if any call fails the request is refused or counted, and the next one finds the counts whole")
    func faults() throws {
        let key = try Fixture { $0.rpm = 2 }.key
        var call = 1
        while true {
            let system = SimulatedFileSystem()
            try system.makeDirectory("/data")
            let store = LimitStore(dataDirectory: "/data", in: system, logger: .test(), now: { Date(timeIntervalSince1970: 1_800_000_000) })
            system.reset(SimulatedFileSystem.Fault(call: call, effect: .failure(.ioError)))
            let first = Meter(.chat, of: key, in: store).refusal
            let hasFailed = system.calls.count >= call
            system.reset()
            #expect(first == nil || hasFailed && first == .unavailable)
            let rest = (1...3).map { _ in Meter(.chat, of: key, in: store).refusal }
            #expect(rest == [nil, nil, .requests] || rest == [nil, .requests, .requests])
            if !hasFailed { break }
            call += 1
        }
        #expect(call > 5)
    }
}
