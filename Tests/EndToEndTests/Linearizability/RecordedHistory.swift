import Foundation
import Synchronization

/// What the clients and the model of a round saw.
final class RecordedHistory: Sendable {
    private struct State {
        var time = 0
        var operations: [Operation] = []
        var calls: [ModelCall] = []
        var ids: [Int: String] = [:]
        var bodies: [Int: [UInt8]] = [:]
        var contradictions: [String] = []
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    var operations: [Operation] { state.withLock(\.operations) }
    var calls: [ModelCall] { state.withLock(\.calls) }
    /// What cannot be true whatever the order was.
    var contradictions: [String] { state.withLock(\.contradictions) }

    /// The time. Each is later than the one before.
    func now() -> Int { state.withLock { now(&$0) } }

    private func now(_ state: inout State) -> Int {
        let elapsed = ContinuousClock.now - start
        state.time = max(state.time + 1, Int(elapsed / .nanoseconds(1)))
        return state.time
    }

    /// Records an operation that ends now.
    func end(_ client: String, _ session: String, _ action: Operation.Action, since begin: Int, _ outcome: Operation.Outcome) {
        state.withLock { state in
            let end = now(&state)
            state.operations.append(
                Operation(client: client, session: session, action: action, begin: begin, end: end, outcome: outcome))
        }
    }

    /// Records a request of the model, and gives the number of its answer.
    func call(_ question: String, after history: [Int], isAnswered: Bool) -> Int {
        state.withLock { state in
            let number = state.calls.count + 1
            let time = now(&state)
            state.calls.append(
                ModelCall(number: number, question: question, history: history, time: time, isAnswered: isAnswered))
            return number
        }
    }

    func contradict(_ text: String) { state.withLock { $0.contradictions.append(text) } }

    /// The number of a turn, by its text. It always has the same id.
    func number(_ question: String?, _ answer: String?, id: String? = nil) -> Int {
        let number = answer.flatMap { $0.firstMatch(of: #/^#(\d+) to /#) }.flatMap { Int($0.1) } ?? 0
        if answer != question.map({ ModelCall.answer(number, to: $0) }) {
            contradict("the answer to \(question ?? "nothing") is \(answer ?? "nothing")")
        }
        let other = id.flatMap { id in state.withLock { $0.ids.updateValue(id, forKey: number) }.flatMap { $0 == id ? nil : $0 } }
        if let id, let other { contradict("turn #\(number) is \(id) and \(other)") }
        return number
    }

    /// The id of a turn that somebody saw.
    func id(_ number: Int) -> String? { state.withLock { $0.ids[number] } }

    /// Notes a reply, which is the same whenever a turn is given again.
    func note(_ number: Int, body: [UInt8]) {
        let other = state.withLock { $0.bodies.updateValue(body, forKey: number) }
        if let other, other != body { contradict("turn #\(number) was answered with different bytes") }
    }

    /// The turns of a session's file.
    func turns(_ file: JSON?) -> [Int] {
        guard let turns = file["turns"]?.elements else {
            contradict("no session file: \(file.map { "\($0)" } ?? "no JSON")")
            return []
        }
        return turns.map { number($0["messages"][0]["content"]?.text, $0["messages"][1]["content"]?.text, id: $0["id"]?.text) }
    }
}
