import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Exchange: chunks that are sent at once")
struct ExchangeSendTests {
    @Test("a chunk, and what was written before it, reaches the client before the handler continues")
    func order() async throws {
        let gate = Gate()
        let handler: ResponderFixture.Handler = { exchange in
            try? await exchange.output.write(Array("head ".utf8), isLast: true)
            try? await exchange.output.write(Array("first".utf8), isLast: false)
            await gate.pass()
            try? await exchange.output.write(Array("second".utf8), isLast: false)
            try? await exchange.output.write(Array("end".utf8), isLast: true)
            await exchange.finish()
        }
        try await ResponderFixture.run(workers: 1, handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request(keep: true))
            #expect(try client.record()?.content == Array("head first".utf8))
            gate.open()
            #expect(try client.reply() == .complete("secondend"))
            #expect(try client.ask(.request(keep: true)) == .complete("head firstsecondend"))
        }
    }

    @Test("a chunk of any length arrives whole", arguments: [0, 1, 8183, 8184, 8192, 8193, 1 << 20])
    func length(count: Int) async throws {
        let chunk = [UInt8](repeating: UInt8(ascii: "p"), count: count)
        let handler: ResponderFixture.Handler = { exchange in
            for _ in 0..<2 { try? await exchange.output.write(chunk, isLast: false) }
            try? await exchange.output.write(Array(".".utf8), isLast: true)
            await exchange.finish()
        }
        try await ResponderFixture.run(handler: handler) { fixture in
            try fixture.expect(.complete(String(repeating: "p", count: count * 2) + "."), to: .request())
        }
    }

    @Test("a peer that does not read holds no worker, and gets the whole response once it reads")
    func slowReader() async throws {
        let (chunks, chunk) = (3000, "chunk ")
        let handler: ResponderFixture.Handler = { exchange in
            let count = exchange.parameters.contains { $0.name == "SLOW" } ? chunks : 1
            for _ in 0..<count { try? await exchange.output.write(Array(chunk.utf8), isLast: false) }
            await exchange.finish()
        }
        try await ResponderFixture.run(workers: 1, handler: handler) { fixture in
            let clients = try (0..<4).map { _ in try fixture.client() }
            for client in clients { try client.send(.request([("SLOW", "1")])) }
            #expect(eventually { fixture.connections == 4 })
            try fixture.expect(.complete(chunk), to: .request())
            for client in clients { #expect(try client.reply() == .complete(String(repeating: chunk, count: chunks))) }
        }
    }

    @Test("a peer that never reads is given up", arguments: [1 << 20, 1])
    func stalled(size: Int) async throws {
        let log = Log<Bool>()
        let handler: ResponderFixture.Handler = { exchange in
            guard exchange.parameters.contains(where: { $0.name == "SLOW" }) else { return await Handlers.echo(exchange) }
            do throws(FastCGIError) {
                while true { try await exchange.output.write([UInt8](repeating: 1, count: size), isLast: false) }
            } catch {
                log.append(error.code == .connection)
            }
            await exchange.finish()
        }
        try await ResponderFixture.run(workers: 1, limits: .make(stallTimeout: .milliseconds(300)), handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request([("SLOW", "1")]))
            #expect(eventually { log.entries == [true] })
        }
    }

    @Test("sending ends if the peer leaves or the task is cancelled")
    func leaves() async throws {
        let log = Log<String>()
        let handler: ResponderFixture.Handler = { exchange in
            guard exchange.parameters.contains(where: { $0.name == "SLOW" }) else { return await Handlers.echo(exchange) }
            exchange.cancelTaskOnHangUp()
            do throws(FastCGIError) {
                while true {
                    try await exchange.output.write([UInt8](repeating: 1, count: 1000), isLast: false)
                    if log.entries.isEmpty { log.append("sends") }
                }
            } catch {
                log.append("ended")
            }
            await exchange.finish()
        }
        try await ResponderFixture.run(handler: handler) { fixture in
            let client = try fixture.client()
            try client.send(.request([("SLOW", "1")]))
            #expect(eventually { log.entries == ["sends"] })
            client.close()
            #expect(eventually { log.entries == ["sends", "ended"] })
        }
    }
}
