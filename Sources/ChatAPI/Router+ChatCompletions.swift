import CGI
import Chat
import Crypto
import FoundationEssentials
import JSON
import Models
import Sessions

extension Router {
    /// `POST /v1/chat/completions`: one turn of the session that the header names.
    func completeChat(_ request: Request, _ requestID: String) async throws -> Response {
        let key = try request.sessionKey()
        let body = try request.completeBody(limit: settings.bodyLimit)
        let chat = try ChatRequest(body, allowsRemoteImages: settings.allowsRemoteImages)
        guard !chat.stream || settings.streams else { throw APIError.streamUnsupported }
        guard chat.model != nil || !settings.requiresModel else {
            throw APIError.invalidValue("model is required", param: "model")
        }
        let entry = try models.entry(for: chat.model)
        let origin = Turn.Origin(
            id: requestID, idempotencyKey: try Self.idempotencyKey(request), bodySHA256: SHA256.hexadecimal(of: body))
        // Made before the turn is: every chunk of a stream has it.
        let turnID = Identifier.make(prefix: Turn.idPrefix)
        let makeTurn = { @Sendable (history: [PastTurn], onDelta: (@Sendable (Delta) -> Void)?) in
            try chat.checkToolResults(after: history)
            let prompt = chat.prompt(history: history, systemPrompt: entry.systemPrompt)
            let completion = try await answer(prompt, by: entry.model, onDelta: onDelta)
            return chat.turn(completion, id: turnID, at: now(), model: entry.id, from: origin)
        }
        let summarize = { @Sendable (turns: [PastTurn], newest: String) in
            try await summary(of: turns, newest: newest, by: entry, requestID)
        }
        let mode = try SessionMode(request)
        let isRetry = request.header("x-stainless-retry-count").flatMap { Int($0) }.map { $0 > 0 } ?? false
        let run: RunTurn = { onDelta in
            switch mode {
            case .normal:
                try await sessions.turn(of: key, from: origin, isRetry: isRetry, summarize: summarize) { try await makeTurn($0, onDelta) }
            case .readonly: (try await makeTurn(try await sessions.history(of: key), onDelta), false)
            case .ephemeral: (try await makeTurn([], onDelta), false)
            }
        }
        guard chat.stream else { return try await answer(requestID, run) }
        let stream = CompletionStream(
            id: Turn.completionID(turnID), created: now(), model: entry.id, includesUsage: chat.includesUsage)
        return try await answerInPieces(requestID, stream, run)
    }

    /// `x-session-mode`: what a turn has to do with its session.
    private enum SessionMode: String {
        /// Sees the history, and is stored.
        case normal
        /// Sees the history.
        case readonly
        /// Neither.
        case ephemeral

        init(_ request: Request) throws(APIError) {
            let text = request.header("x-session-mode") ?? ""
            guard let mode = text.isEmpty ? .normal : Self(rawValue: text.lowercased()) else {
                throw .invalidValue("x-session-mode must be normal, readonly or ephemeral", param: "x-session-mode")
            }
            self = mode
        }
    }

    /// The client's own name for a request: `Idempotency-Key`, or a messenger's `x-message-id`. Empty counts as none.
    private static func idempotencyKey(_ request: Request) throws(APIError) -> String? {
        for name in ["idempotency-key", "x-message-id"] {
            guard let key = request.header(name), !key.isEmpty else { continue }
            // U+FFFD stands where bytes were not UTF-8: two such keys would become one.
            guard key.utf8.count <= longestIdempotencyKey, !key.unicodeScalars.contains("\u{fffd}") else {
                throw .invalidValue("\(name) must be UTF-8 and at most \(longestIdempotencyKey) bytes", param: name)
            }
            return key
        }
        return nil
    }

    private static let longestIdempotencyKey = 255

    /// Asks the model, and once more where it says nothing.
    private func answer(
        _ prompt: Prompt, by model: any ChatModel, onDelta: (@Sendable (Delta) -> Void)?
    ) async throws -> Completion {
        // A client may have left while its turn waited for the one before.
        try Task.checkCancellation()
        let completion = try await model.complete(prompt, onDelta: onDelta)
        guard completion.isEmpty else { return completion }
        var second = try await model.complete(prompt, onDelta: onDelta)
        if second.isEmpty {
            second.content = "I've completed processing but have no response to give."
            onDelta?(Delta(content: second.content))
        }
        return second
    }

    /// The answer to a turn: the same one, id and time included, whenever it is given.
    static func completion(_ turn: Turn) -> JSONValue {
        [
            "id": .string(turn.completionID), "object": "chat.completion", "created": .integer(turn.created), "model": .string(turn.model),
            "choices": [
                [
                    "index": 0, "message": turn.messages.last?.answer ?? .null, "logprobs": turn.logprobs ?? .null,
                    "finish_reason": .string(turn.finishReason),
                ]
            ],
            "usage": turn.usage.json,
        ]
    }
}
