import Harness
import TestSupport
import Testing

@Suite("Listener: concurrency")
struct ListenerConcurrencyTests {
    @Test("64 clients of 20 requests each are served by 2 workers", arguments: [true, false])
    func clients(keep: Bool) async throws {
        try await ResponderFixture.run(workers: 2) { fixture in
            let served = try inParallel(64) { number in
                var client = try fixture.client()
                return try (0..<20).filter { round in
                    if !keep { client = try fixture.client() }
                    let body = "client \(number), round \(round)"
                    return try client.ask(.request(body: body, keep: keep)) == .echo(body: body)
                }.count
            }
            #expect(served == Array(repeating: 20, count: 64))
        }
    }

    @Test("500 handlers wait at once on 2 workers, and all of them end")
    func suspended() async throws {
        let gate = Gate()
        try await ResponderFixture.run(workers: 2, handler: Handlers.echo(after: gate)) { fixture in
            let clients = try (0..<500).map { _ in try fixture.client() }
            for (number, client) in clients.enumerated() { try client.send(.request(body: "\(number)")) }
            #expect(eventually { gate.waiting == 500 })
            gate.open()
            for (number, client) in clients.enumerated() { #expect(try client.reply() == .echo(body: "\(number)")) }
        }
    }
}
