import Chat
import FoundationEssentials
import Logging
import Models
import Sessions
import Text

/// Runs turns. Every endpoint that asks a model uses it.
struct TurnRunner: Sendable {
    let sessions: SessionStore
    let logger: Logger
    let now: @Sendable () -> Date
    let metrics = TurnMetrics()

    /// Runs a turn. Returns the turn that an earlier try stored, or asks the model with the history that the mode allows. When this
    /// returns, the turn is stored if its mode is `normal` or `mirror`.
    ///
    /// - Parameters:
    ///   - onShortened: called before the answer with the number of turns that the model did not see because its context is too short.
    ///   - onBegin: called before the model is asked.
    ///   - onDelta: called with the answer as it arrives, but not for a turn that was stored before.
    /// - Throws: `SessionError`, `ModelError`, `UnmatchedToolResult`, `APIError` if nothing is left of the caller's limits, and what `onBegin`
    ///   throws.
    func run(
        _ request: TurnRequest, onShortened: @escaping @Sendable (Int) -> Void = { _ in },
        onBegin: @escaping @Sendable () throws -> Void = {}, onDelta: (@Sendable (Delta) -> Void)? = nil
    ) async throws -> (turn: Turn, isReplayed: Bool) {
        let listener = Listener(onShortened: onShortened, onBegin: onBegin, onDelta: onDelta)
        let bill = Bill(request, countedBy: metrics)
        do {
            let result = try await run(request, listener, bill)
            bill.close(status: 200, at: now())
            return result
        } catch {
            bill.close(error, at: now())
            throw error
        }
    }

    private func run(_ request: TurnRequest, _ listener: Listener, _ bill: Bill) async throws -> (turn: Turn, isReplayed: Bool) {
        switch request.mode {
        case .normal, .mirror:
            return try await sessions.turn(
                of: request.session, from: request.origin, at: request.place, hasID: request.response ?? request.completion != nil,
                showing: request.mode == .mirror ? request.earlier : nil,
                hasLeft: request.hasClientLeft,
                summarize: { try await summary(of: $0, newest: $1, by: request.model, bill) }
            ) { try await make(request, after: $0, listener, bill) }
        case .readonly: return (try await make(request, after: try await history(of: request), listener, bill), false)
        case .ephemeral: return (try await make(request, after: [], listener, bill), false)
        }
    }

    /// What a model sees before a turn that is not stored.
    func history(of request: TurnRequest) async throws -> [PastTurn] {
        switch request.place {
        case .after(let turn): try await sessions.history(of: request.session, upTo: turn)
        case .branch(let source, let turn): try await sessions.history(of: source, upTo: turn)
        case .end, .existing: try await sessions.history(of: request.session)
        case .newSession: []
        }
    }

    /// Who is told of a turn while it is made.
    private struct Listener {
        var onShortened: @Sendable (Int) -> Void
        var onBegin: @Sendable () throws -> Void
        var onDelta: (@Sendable (Delta) -> Void)?
    }

    private func make(_ request: TurnRequest, after history: [PastTurn], _ listener: Listener, _ bill: Bill) async throws -> Turn {
        let last = history.last?.messages.last
        let (earlier, new) = try request.turn(after: request.keepsEarlier ? request.earlier.last ?? last : last)
        let given = history.isEmpty ? earlier : []
        // One line, so that a turn that fails leaves nothing.
        let messages = request.keepsEarlier && !history.isEmpty ? earlier + new : new
        let prompt = request.prompt(history: history.isEmpty ? sessions.visible(given) : history, turn: messages)
        try bill.reserve(prompt)
        try listener.onBegin()
        let completion = try await answer(prompt, by: request.model.model, mayShorten: request.allowsShortening, listener)
        bill.add(completion.usage)
        // Some servers say "stop" when they call tools, and clients check the finish reason before they look for calls.
        let callsTools = completion.finishReason == "stop" && !completion.toolCalls.isEmpty
        var turn = Turn(
            id: request.id, at: now().ISO8601Format(), messages: messages + [completion.message], model: request.model.id,
            finishReason: callsTools ? "tool_calls" : completion.finishReason, usage: completion.usage, request: request.origin)
        turn.logprobs = completion.logprobs
        turn.given = given
        (turn.response, turn.completion) = (request.response, request.completion)
        return turn
    }

    /// Asks the model, and asks once more if it says nothing, or with half of the history if it cannot read all.
    private func answer(
        _ prompt: Prompt, by model: any ChatModel, mayShorten: Bool, _ listener: Listener
    ) async throws -> Completion {
        // The client may have left while its turn waited for the one before.
        try Task.checkCancellation()
        var prompt = prompt
        let completion: Completion
        do throws(ModelError) {
            completion = try await model.complete(prompt, onDelta: listener.onDelta)
        } catch {
            let count = prompt.history.count
            guard mayShorten, error.code == .contextTooLong, prompt.leaveOutOlderHalf() else { throw error }
            listener.onShortened(count - prompt.history.count)
            completion = try await model.complete(prompt, onDelta: listener.onDelta)
        }
        guard completion.isEmpty else { return completion }
        var second = try await model.complete(prompt, onDelta: listener.onDelta)
        second.usage = completion.usage + second.usage
        if second.isEmpty {
            second.content = "I've completed processing but have no response to give."
            listener.onDelta?(Delta(content: second.content))
        }
        return second
    }
}

extension Prompt {
    /// Leaves out the older half of the history, but neither its summary nor a turn whose calls a later one answers. False if nothing can go.
    mutating func leaveOutOlderHalf() -> Bool {
        let summary = history.prefix { $0.isSummary }
        let turns = history.dropFirst(summary.count)
        let beginnings = turns.indices.filter { !(turns[$0].messages.first?.isResult ?? false) }
        let ends = turn.first?.isResult ?? false ? beginnings : beginnings + [turns.endIndex]
        guard let start = ends.first(where: { $0 - turns.startIndex >= (turns.count + 1) / 2 }) ?? ends.last, start > turns.startIndex
        else {
            return false
        }
        history = Array(summary + turns[start...])
        return true
    }
}
