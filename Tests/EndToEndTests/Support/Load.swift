import Foundation
import Glibc
import Synchronization
import TestSupport

/// Clients that send turns until they are told to stop: each turn with a key of its own, and again until it is answered.
final class Load: Sendable {
    /// A turn that was answered.
    struct Turn: Sendable {
        let session: String
        /// Its idempotency key, which begins its text.
        let key: String
        let isLong: Bool
        /// The stored turn's id, which the answer's id repeats.
        var id = ""

        /// What the client said. A long one takes many pages of its file, and a process that is killed may have written some of them.
        var text: String { key + (isLong ? String(repeating: " word", count: 60_000) : "") }
    }

    /// What a client saw.
    struct Log: Sendable {
        /// In the order of the answers.
        var answered: [Turn] = []
        var failures = 0
        var replays = 0
    }

    struct Unexpected: Error {
        var status: Int
        var body: String
    }

    /// The least of an answer: reading all of it is dear here.
    private struct Completion: Decodable {
        var id: String
    }

    private let port: Int
    private let clients: Int
    private let paths: [String]
    private let failure: Int
    private let isStopped = Atomic(false)
    private let answers = Atomic(0)
    /// Why a client stopped early.
    private let clientError = Mutex<(any Error)?>(nil)

    /// - Parameters:
    ///   - paths: each try of a turn is sent to one of them.
    ///   - failure: the status after which a client sends a turn again. 502 is nginx's: the responder is not there, or was killed before
    ///     it answered.
    init(port: Int, clients: Int = 8, paths: [String] = [Server.chatPath], failure: Int = 502) {
        (self.port, self.clients, self.paths, self.failure) = (port, clients, paths, failure)
    }

    /// Runs the clients, each on sessions of its own, while `body` runs.
    func run(_ sessions: [String], while body: () async throws -> Void) async throws -> [Log] {
        try await withThrowingTaskGroup(of: Log.self) { group in
            for client in 0..<clients {
                let sessions = sessions.enumerated().filter { $0.offset % clients == client }.map(\.element)
                group.addTask { try await onOwnThread { try self.run(sessions) } }
            }
            do {
                defer { stop() }
                try await body()
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Waits until turns are answered, and then for a moment that is not foreseen.
    ///
    /// - Throws: What a client stopped for.
    func moment() async throws -> Bool {
        let (answers, moment) = (answerCount, ContinuousClock.now + .milliseconds(Int.random(in: 20...150)))
        return try await eventually {
            if let error = clientError.withLock(\.self) { throw error }
            return answerCount > answers && .now >= moment
        }
    }

    var answerCount: Int { answers.load(ordering: .relaxed) }

    private func stop() { isStopped.store(true, ordering: .relaxed) }

    /// One client's turns, on sessions that are its own. Blocks until `stop()`.
    private func run(_ sessions: [String]) throws -> Log {
        do {
            return try sendTurns(sessions)
        } catch {
            clientError.withLock { $0 = error }
            throw error
        }
    }

    private func sendTurns(_ sessions: [String]) throws -> Log {
        let connection = HTTPConnection(port: port)
        var log = Log()
        for number in 1... where !isStopped.load(ordering: .relaxed) {
            let session = sessions[number % sessions.count]
            // Every other turn of the first session.
            let isLong = number % (sessions.count * 2) == 0
            let turn = Turn(session: session, key: "turn-\(number)-of-\(session)", isLong: isLong)
            try send(turn, connection, &log)
            answers.add(1, ordering: .relaxed)
            if isStopped.load(ordering: .relaxed) { break }
        }
        return log
    }

    private func send(_ turn: Turn, _ connection: HTTPConnection, _ log: inout Log) throws {
        let deadline = ContinuousClock.now + .seconds(300)
        while true {
            let response = try connection.chat(
                turn.text, session: turn.session, headers: ["Idempotency-Key: \(turn.key)"], path: paths.randomElement() ?? Server.chatPath)
            if response.status == 200 {
                var turn = turn
                turn.id = "turn-" + (try JSONDecoder().decode(Completion.self, from: Data(response.body)).id.dropFirst("chatcmpl-".count))
                log.answered.append(turn)
                if response.headers["idempotency-replayed"] == "true" { log.replays += 1 }
                return
            }
            guard response.status == failure, ContinuousClock.now < deadline else {
                throw Unexpected(status: response.status, body: String(decoding: response.body, as: UTF8.self))
            }
            log.failures += 1
            // Clients that ask without a pause would keep the next responder from starting.
            usleep(1_000)
        }
    }
}
