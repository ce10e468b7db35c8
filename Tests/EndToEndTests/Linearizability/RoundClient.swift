import Foundation
import Glibc
import TestSupport

/// A client of a round: what it does is random, and it records what it saw.
struct RoundClient {
    /// A way to ask, and how long to wait before leaving.
    private struct Way {
        var transport: SharedDirectory.Transport?
        var patience: Duration
    }

    private let name: String
    private let directory: SharedDirectory
    private let history: RecordedHistory
    private let sessions: Log<String>
    private let clocks: [Clock]
    private var generator: SplitMix64
    private var asked: [(session: String, question: String)] = []
    private var count = 0

    /// - Parameters:
    ///   - sessions: those that all clients use, the first four most of the time. Copies are added.
    ///   - clocks: those that a process may have.
    init(_ name: String, _ directory: SharedDirectory, _ history: RecordedHistory, _ sessions: Log<String>, clocks: [Clock], seed: UInt64) {
        (self.name, self.directory, self.history, self.sessions, self.clocks) = (name, directory, history, sessions, clocks)
        generator = SplitMix64(seed: seed)
    }

    mutating func run(_ operations: Int) async throws {
        for _ in 0..<operations {
            // Most of them want the same few sessions.
            let all = sessions.entries
            let session = (Int.random(in: 0..<4, using: &generator) == 0 ? all[...] : all.prefix(4)).randomElement(using: &generator) ?? ""
            count += 1
            switch Int.random(in: 0..<100, using: &generator) {
            case ..<25: _ = try await perform(.chat(question: "\(name)\(count)", isKeyed: false), session)
            case ..<50: try await askUntilAnswered("\(name)\(count)", session)
            case ..<58:
                guard let (session, question) = asked.randomElement(using: &generator) else { continue }
                _ = try await perform(.chat(question: question, isKeyed: true), session)
            case ..<68: _ = try await perform(.undo, session)
            case ..<72: _ = try await perform(.delete, session)
            case ..<77:
                // Others may use it before it is there.
                sessions.append("copy-\(name)\(count)")
                _ = try await perform(.fork(to: "copy-\(name)\(count)"), session)
            case ..<88: try await readPages(session)
            default: _ = try await perform(.read, session)
            }
        }
    }

    /// Asks with an idempotency key until there is an answer; sometimes twice at the same time.
    private mutating func askUntilAnswered(_ question: String, _ session: String) async throws {
        let action = Operation.Action.chat(question: question, isKeyed: true)
        asked.append((session, question))
        for _ in 0..<6 {
            let ways = (0..<(Int.random(in: 0..<5, using: &generator) == 0 ? 2 : 1)).map { _ in way(for: action) }
            let outcomes = try await withThrowingTaskGroup(of: Operation.Outcome.self) { [self] group in
                for way in ways { group.addTask { try await perform(action, session, way) } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            if outcomes.contains(where: { if case .answered = $0 { true } else { false } }) { return }
        }
    }

    /// Reads backwards from the newest page.
    private mutating func readPages(_ session: String) async throws {
        let limit = Int.random(in: 1...9, using: &generator)
        var before: Int?
        for _ in 0..<4 {
            guard case .page(let turns, _, true) = try await perform(.page(limit: limit, before: before), session), let first = turns.first
            else { return }
            before = first
        }
    }

    private mutating func perform(_ action: Operation.Action, _ session: String) async throws -> Operation.Outcome {
        try await perform(action, session, way(for: action))
    }

    private func perform(_ action: Operation.Action, _ session: String, _ way: Way) async throws -> Operation.Outcome {
        let begin = history.now()
        let outcome: Operation.Outcome
        if let transport = way.transport {
            let request = SessionRequest(action, of: session, id: history.id)
            let delivery = try await directory.send(request, over: transport, patience: way.patience)
            outcome = history.outcome(of: action, delivery)
        } else {
            outcome = history.outcome(
                of: action, try await directory.command(action.arguments(session), patience: way.patience))
        }
        history.end(name, session, action, since: begin, outcome)
        return outcome
    }

    private mutating func way(for action: Operation.Action) -> Way {
        let leaves = Int.random(in: 0..<7, using: &generator) == 0
        let patience = leaves ? Duration.milliseconds(Int.random(in: 0..<60, using: &generator)) : .seconds(100)
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: return Way(transport: .cgi(clocks.randomElement(using: &generator) ?? .right), patience: patience)
        case 1...2 where action.isCommand: return Way(patience: patience)
        default:
            return Way(transport: .responder(Int.random(in: 0..<SharedDirectory.responderCount, using: &generator)), patience: patience)
        }
    }
}

extension Operation.Action {
    /// True if `nanobot sessions` can do it.
    fileprivate var isCommand: Bool {
        switch self {
        case .chat, .page: false
        default: true
        }
    }

    fileprivate func arguments(_ session: String) -> [String] {
        switch self {
        case .undo: ["undo", session]
        case .delete: ["delete", session, "--yes"]
        case .fork(let target): ["fork", session, target]
        default: ["show", session, "--json"]
        }
    }
}
