import CGI
import Concurrency
import TestSupport
import Testing

@testable import Server

@Suite("Streamed responses")
struct StreamedResponseTests {
    private struct Broken: Error {}

    /// An endpoint whose response streams what the work makes.
    private func endpoint(
        keepAlive: KeepAlive? = nil, _ work: @escaping @Sendable (ChunkBuffer) async throws -> Response
    ) -> TestEndpoint {
        TestEndpoint { context, writer in
            try await context.stream(
                to: writer, headers: [("A", "stream")], keepAlive: keepAlive, lateError: { _ in Array("late".utf8) }, work: work)
        }
    }

    @Test("the head goes out with the first chunk, and what the work returns is the last one")
    func chunks() async {
        let server = Server.make([
            endpoint { buffer in
                buffer.send(Array("one ".utf8))
                buffer.send([])
                buffer.send(Array("two ".utf8))
                return Response(status: 200, headers: [("A", "whole")], body: Array("end".utf8))
            }
        ])
        let output = await server.ask()
        #expect(output.body == "one two end")
        #expect(output.head.first == "Status: 200 OK" && output.head.contains("A: stream"))
        #expect(!output.head.contains { $0.hasPrefix("Content-Length") })
    }

    @Test("work that sends no chunk is answered by its own response, or by an error with a status")
    func whole() async {
        let output = await Server.make([endpoint { _ in Response(status: 200, headers: [("A", "whole")], body: [0x78]) }]).ask()
        #expect(output.head.contains("A: whole") && output.head.contains("Content-Length: 1"))
        let failed = await Server.make([endpoint { _ in throw APIError.notFound }]).ask()
        #expect(failed.head.first == "Status: 404 Not Found")
    }

    @Test("an error after the first chunk is the last chunk")
    func lateError() async {
        let server = Server.make([
            endpoint { buffer in
                buffer.send(Array("one ".utf8))
                throw Broken()
            }
        ])
        #expect(await server.ask().body == "one late")
    }

    @Test("an endpoint is told of a response that was not taken, unless it was told before that the client had left")
    func lost() async {
        for (leavesBefore, looks, asks) in [(false, false, false), (true, true, false), (true, false, true)] {
            let (output, log) = (Output(), Log<String>())
            let server = Server.make([
                TestEndpoint { context, writer in
                    if leavesBefore { output.leave() }
                    context.delivery.ifLost { log.append("lost") }
                    if looks { #expect(context.delivery.hasClientLeft) }
                    try await writer.send(Response(status: 200))
                }
            ])
            _ = await server.ask(output: output)
            #expect(log.entries.count == (asks ? 1 : 0))
        }
    }

    @Test("the work does not wait for a client that takes nothing, which gets everything in the end")
    func slowClient() async throws {
        let (slow, ended) = (Gate(), Gate())
        let server = Server.make([
            endpoint { buffer in
                for number in 0..<1000 {
                    buffer.send(Array("\(number) ".utf8))
                    // Not often: each time, other tests may hold every thread for a second.
                    if number.isMultiple(of: 100) { await Task.yield() }
                }
                ended.open()
                return Response(status: 200, body: Array("end".utf8))
            }
        ])
        let output = Output(slow: slow)
        async let done = server.ask(output: output)
        #expect(try await eventually { ended.isOpen })
        #expect(output.written.entries.count <= 1)
        slow.open()
        #expect(await done.body == (0..<1000).map { "\($0) " }.joined() + "end")
    }

    @Test("keep-alives are sent while the work says nothing, and do not pile up before a client that takes nothing")
    func keepAlive() async throws {
        let (slow, work) = (Gate(), Gate())
        let keepAlive = KeepAlive(bytes: Array(".".utf8), patience: .zero, interval: .milliseconds(1))
        let endpoint = endpoint(keepAlive: keepAlive) { _ in
            await work.pass()
            return Response(status: 200, body: Array("end".utf8))
        }
        let fast = Output()
        async let answered = Server.make([endpoint]).ask(output: fast)
        #expect(try await eventually { fast.body.hasPrefix("...") })
        let stalled = Output(slow: slow)
        async let late = Server.make([endpoint]).ask(output: stalled)
        #expect(try await eventually { slow.arrivals > 0 })
        // Many intervals of both.
        let count = fast.body.utf8.count
        #expect(try await eventually { fast.body.utf8.count > count + 20 })
        work.open()
        slow.open()
        #expect(await answered.body.hasSuffix(".end"))
        #expect(await late.body.utf8.count <= "...end".utf8.count)
    }

    @Test(
        "after its client has left, the work finishes or is cancelled, as the policy says", arguments: [DisconnectPolicy.finish, .cancel])
    func leaves(policy: DisconnectPolicy) async throws {
        let (begun, work) = (Gate(), Gate())
        let (ends, lines) = (Log<String>(), Log<String>())
        let server = Server.make(
            [
                endpoint { buffer in
                    buffer.send([1])
                    await begun.pass()
                    buffer.send([2])
                    if policy == .finish { await work.pass() } else { await untilCancelled() }
                    ends.append(Task.isCancelled ? "cancelled" : "finished")
                    buffer.send([3])
                    return Response(status: 200)
                }
            ], lines: lines, configure: { $0.onDisconnect = policy })
        let output = Output()
        async let done = server.ask(output: output)
        #expect(try await eventually { !output.written.entries.isEmpty })
        output.leave()
        begun.open()
        #expect(try await eventually { output.written.entries.count == 2 })
        work.open()
        _ = await done
        #expect(ends.entries == [policy == .finish ? "finished" : "cancelled"])
        #expect(output.written.entries.count == 2)
    }

    @Test("the work is cancelled with the task that serves the request")
    func cancelled() async throws {
        let (begun, ends) = (Gate(), Log<Bool>())
        let server = Server.make([
            endpoint { _ in
                begun.open()
                await untilCancelled()
                ends.append(Task.isCancelled)
                throw CancellationError()
            }
        ])
        let task = Task { await server.ask() }
        #expect(try await eventually { begun.isOpen })
        task.cancel()
        _ = await task.value
        #expect(ends.entries == [true])
    }
}
