import Concurrency
import FoundationEssentials
import Glibc
import Harness
import Logging
import TestSupport
import Testing

@testable import FastCGI

/// A listener with its workers in this process, on a socket of its own.
struct ResponderFixture: Sendable {
    typealias Handler = @Sendable (consuming Exchange) async -> Void

    let path: String
    let listener: Listener
    private let threadName: String

    private static let count = Mutex(0)

    /// Runs `test`, which may block, on a thread of its own, with a responder to talk to. Afterwards a good request must be answered,
    /// nothing may be left of those before it, and the responder must stop with nothing unfinished.
    static func run(
        workers: Int = 2, limits: Listener.Limits = .make(), handler: @escaping Handler = Handlers.echo,
        afterwards: Bool = true, _ test: @escaping @Sendable (ResponderFixture) throws -> Void
    ) async throws {
        try await withTaskExecutorPreference(WorkerPool(threads: 1)) {
            let number = count.withLock { count in
                count += 1
                return count
            }
            let threadName = "fcgi-\(number)"
            Census.nameThread(threadName)
            let directory = try TemporaryDirectory()
            let path = directory.file("socket")
            let looseBefore = try Census.take(path: path, threadName: threadName).looseSockets
            let listener = try Listener(
                socket: ListeningSocket(unixPath: path), workers: WorkerPool(threads: workers), limits: limits,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                longHeadResponse: { Array("too long".utf8) }, handler: handler)
            try listener.start()
            let fixture = ResponderFixture(path: path, listener: listener, threadName: threadName)
            do {
                try test(fixture)
            } catch {
                _ = listener.stop(patience: .seconds(1))
                throw error
            }
            guard afterwards else { return }
            try fixture.expectGoodRequest()
            // The test's own thread, the listener's and the workers.
            try fixture.expectCensus(sockets: 1, looseSockets: looseBefore, threads: 2 + workers)
            #expect(listener.connections.withLock(\.count) == 0)
            #expect(listener.stop(patience: patience) == 0)
            #expect(!FileManager.default.fileExists(atPath: path))
            try fixture.expectCensus(sockets: 0, looseSockets: looseBefore, threads: 1 + workers)
        }
    }

    func client() throws -> FastCGIClient { try FastCGIClient(path: path) }

    /// Sends a request on a connection of its own and returns its response.
    func ask(_ records: [Record]) throws -> Reply { try client().ask(records) }

    /// Expects this response to such a request on a connection of its own.
    func expect(_ reply: Reply, to records: [Record], sourceLocation: SourceLocation = #_sourceLocation) throws {
        let actual = try ask(records)
        #expect(actual == reply, sourceLocation: sourceLocation)
    }

    /// How many connections the listener has.
    var connections: Int { listener.connections.withLock(\.count) }

    /// True if a worker has a request.
    var isServing: Bool {
        listener.connections.withLock(\.values).contains { connection in connection.state.withLock { $0.phase == .serving } }
    }

    /// How many bytes of unfinished heads have been read.
    var headBytes: Int {
        listener.connections.withLock(\.values).reduce(0) { sum, connection in sum + connection.state.withLock(\.head.count) }
    }

    /// A request on a connection of its own is answered.
    func expectGoodRequest(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let records: [Record] = .request([("REQUEST_METHOD", "POST"), ("PATH_INFO", "/good")], body: "good")
        let reply = try ask(records)
        // A test's own handler may respond differently; it only has to respond.
        #expect(!reply.stdout.isEmpty && reply.protocolStatus == 0, sourceLocation: sourceLocation)
    }

    private func expectCensus(sockets: Int, looseSockets: Int, threads: Int) throws {
        var census = Census(sockets: 0, looseSockets: 0, threads: 0)
        let holds = try eventually {
            census = try .take(path: path, threadName: threadName)
            return census.sockets == sockets && census.looseSockets <= looseSockets && census.threads == threads
        }
        #expect(holds, "\(census) is not \(sockets) sockets, \(looseSockets) loose ones and \(threads) threads")
    }
}

extension Listener.Limits {
    /// Limits that no test reaches unless it sets them.
    static func make(
        headTimeout: Duration = .seconds(3600), idleTimeout: Duration = .seconds(3600), stallTimeout: Duration = .seconds(3600),
        connections: Int = 1000
    ) -> Listener.Limits {
        var limits = Listener.Limits()
        limits.headTimeout = headTimeout
        limits.idleTimeout = idleTimeout
        limits.stallTimeout = stallTimeout
        limits.connections = connections
        return limits
    }
}
