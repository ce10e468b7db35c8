import Chat
import Concurrency
import Glibc
import TestSupport
import Testing

@testable import HTTPClient
@testable import Models

@Suite("Connections to an upstream")
struct UpstreamConnectionTests {
    @Test("a connection is reused")
    func reuse() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for _ in 0..<20 {
                _ = try connection.request()
                try connection.respond()
            }
        }
        let model = try UpstreamModel.make(peer.url)
        for _ in 0..<20 { #expect(try await model.answer().content == "Hello.") }
        try await peer.finish()
        #expect(peer.connections == 1)
    }

    @Test("a connection that the upstream has closed is replaced")
    func closedWhileIdle() async throws {
        let closed = (0..<3).map { _ in Event() }
        let peer = try Peer { peer in
            for event in closed {
                let connection = try peer.accept()
                for _ in 0..<2 {
                    _ = try connection.request()
                    try connection.respond()
                }
                connection.close()
                event.happen()
            }
        }
        let model = try UpstreamModel.make(peer.url)
        for index in 1...6 {
            #expect(try await model.answer().content == "Hello.")
            if index.isMultiple(of: 2) { try await closed[index / 2 - 1].wait() }
        }
        try await peer.finish()
        #expect(peer.connections == 3)
    }

    @Test("if the upstream closes a connection as a request arrives, the request is sent again on a new one", arguments: [true, false])
    func closedUnderRequest(resets: Bool) async throws {
        let peer = try Peer { peer in
            let first = try peer.accept()
            _ = try first.request()
            try first.respond()
            _ = try first.request()
            if resets { first.reset() } else { first.close() }
            let second = try peer.accept()
            let request = try second.request()
            guard request.body.contains("again") else { throw Peer.Failed(description: "the body is \(request.body)") }
            try second.respond()
        }
        let model = try UpstreamModel.make(peer.url)
        for _ in 0..<2 { #expect(try await model.answer("again").content == "Hello.") }
        try await peer.finish()
    }

    @Test("the connection is closed when the task is cancelled")
    func cancellation() async throws {
        let waiting = Event()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            waiting.happen()
            try connection.expectClose()
        }
        let model = try UpstreamModel.make(peer.url, retries: 2)
        let task = Task { try await model.failure() }
        try await waiting.wait()
        task.cancel()
        #expect(try await task.value.code == .cancelled)
        try await peer.finish()
        #expect(peer.connections == 1)
    }

    @Test("no connection is opened for a cancelled task")
    func cancelledBefore() async throws {
        let peer = try Peer { _ in }
        let model = try UpstreamModel.make(peer.url)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await model.failure()
        }
        #expect(try await task.value.code == .cancelled)
    }

    @Test("connections end when the engine stops, and later requests are refused")
    func stop() async throws {
        let waiting = Event()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            waiting.happen()
            try connection.expectClose()
        }
        let engine = TransferEngine()
        let upstream = Upstream(.init(address: try UpstreamModel.address(peer.url), model: "m"), engine: engine)
        let model = UpstreamModel([UpstreamModel.Route(upstream)], logger: .test())
        let task = Task { try await model.failure() }
        try await waiting.wait()
        engine.stop()
        #expect(try await task.value.code == .cancelled)
        #expect(try await model.failure().code == .cancelled)
        try await peer.finish()
    }

    @Test("1,000 waiting chats hold no threads, and every chat gets its own answer")
    func crowd() async throws {
        let count = 1000
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let threads = Mutex(0)
        let peer = try Peer { peer in
            let waiting = try (0..<count).map { _ in
                let connection = try peer.accept()
                return (connection, try connection.request())
            }
            threads.withLock { $0 = Self.threadCount() }
            for (connection, request) in waiting.reversed() {
                guard let number = request.body.split(separator: "chat-").last?.prefix(while: \.isNumber) else { continue }
                try connection.respond(Fixture.completion.replacing("Hello.", with: "answer-\(number)"))
            }
        }
        let model = try UpstreamModel.make(peer.url)
        let wrong = try await withThrowingTaskGroup(of: Bool.self) { group in
            for index in 0..<count { group.addTask { try await model.answer("chat-\(index)").content != "answer-\(index)" } }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        try await peer.finish()
        #expect(wrong == 0)
        // The count includes those of tests that run at the same time: some hundreds.
        #expect(threads.withLock(\.self) < count)
    }

    private static func threadCount() -> Int {
        guard let directory = opendir("/proc/self/task") else { return .max }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count - 2
    }
}
