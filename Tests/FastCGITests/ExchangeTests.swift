import Harness
import TestSupport
import Testing

@testable import FastCGI

@Suite("Exchange")
struct ExchangeTests {
    @Test("dropping an exchange without finish() stops the process")
    func dropped() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try await ResponderFixture.run(handler: { _ in }) { fixture in _ = try fixture.ask(.request()) }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("an Exchange was dropped without finish()"))
    }

    @Test("finishing an exchange while its response is being written stops the process")
    func finishedWhileWriting() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let handler: ResponderFixture.Handler = { exchange in
                let output = exchange.output
                let begun = Gate()
                Task {
                    begun.open()
                    // Longer than a socket takes from a peer that does not read.
                    try? await output.write([UInt8](repeating: 1, count: 64 << 20), isLast: false)
                }
                await begun.pass()
                while !output.isWriting { await Task.yield() }
                await exchange.finish()
            }
            try await ResponderFixture.run(workers: 2, handler: handler) { fixture in
                let client = try fixture.client()
                try client.send(.request())
                _ = try client.isClosed(within: .seconds(60))
            }
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("an Exchange was finished while its response was being written"))
    }

    @Test("parameters keep their order and may repeat; bytes that are not UTF-8 are replaced")
    func parameters() async throws {
        try await ResponderFixture.run { fixture in
            let repeated = [("B", "1"), ("A", "2"), ("B", "3"), ("Ü", "€"), ("A", "x=y")]
            try fixture.expect(.echo(repeated), to: .request(repeated))
            let reply = try fixture.ask([Record].head(untrue: [1, 2, 0x41, 0x62, 0xff]) + .body([]))
            #expect(reply == .echo([("A", "b\u{FFFD}")]))
        }
    }

    @Test("a response of any length arrives whole", arguments: [1, 8183, 8184, 8185, 65_535, 65_536, 1 << 20])
    func length(count: Int) async throws {
        let answer = String(repeating: "a", count: count)
        try await ResponderFixture.run(handler: Handlers.say(answer)) { fixture in
            try fixture.expect(.complete(answer), to: .request())
        }
    }

    @Test("a response is complete if the handler writes it in chunks, and if it writes nothing")
    func chunks() async throws {
        let handler: ResponderFixture.Handler = { exchange in
            if exchange.parameters.contains(where: { $0.name == "PATH_INFO" }) {
                for chunk in ["go", "", "od"] { try? await exchange.output.write(Array(chunk.utf8), isLast: true) }
            }
            await exchange.finish()
        }
        try await ResponderFixture.run(handler: handler) { fixture in
            try fixture.expect(.complete("good"), to: .request([("PATH_INFO", "/")]))
            try fixture.expect(.complete(""), to: .request([]))
        }
    }
}
