import Chat
import Digest
import FoundationEssentials
import Gateway
import Models
import Sessions

extension Router {
    /// `POST /v1/chat/completions`: one turn of the session that the header names.
    func completeChat(_ request: Request, _ requestID: String) async throws -> Response {
        let key = try request.sessionKey()
        let body = try request.completeBody(limit: settings.bodyLimit)
        let chat = try ChatRequest(body, allowsRemoteImages: settings.allowsRemoteImages)
        guard !chat.stream else { throw APIError.streamUnsupported }
        guard chat.model != nil || !settings.requiresModel else {
            throw APIError.invalidValue("model is required", param: "model")
        }
        let entry = try models.entry(for: chat.model)
        let origin = Turn.Origin(
            id: requestID, idempotencyKey: try Self.idempotencyKey(request), bodySHA256: SHA256.hexadecimal(of: body))
        let makeTurn = { (history: [PastTurn]) in
            try chat.checkToolResults(after: history)
            let completion = try await answer(chat.prompt(history: history, systemPrompt: entry.systemPrompt), by: entry.model)
            return chat.turn(completion, id: Identifier.make(prefix: Self.turnPrefix), at: now(), model: entry.id, from: origin)
        }
        switch try SessionMode(request) {
        case .normal:
            let isRetry = request.header("x-stainless-retry-count").flatMap { Int($0) }.map { $0 > 0 } ?? false
            let (turn, isReplayed) = try await sessions.turn(of: key, from: origin, isRetry: isRetry, makeTurn)
            var response = Self.json(Self.completion(turn))
            if isReplayed { response.headers.append(("idempotency-replayed", "true")) }
            return response
        case .readonly: return Self.json(Self.completion(try await makeTurn(try await sessions.history(of: key))))
        case .ephemeral: return Self.json(Self.completion(try await makeTurn([])))
        }
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
    private static let turnPrefix = "turn-"

    /// Asks the model, and once more where it says nothing.
    private func answer(_ prompt: Prompt, by model: any ChatModel) async throws -> Completion {
        let completion = try await model.complete(prompt)
        guard completion.isEmpty else { return completion }
        var second = try await model.complete(prompt)
        if second.isEmpty { second.content = "I've completed processing but have no response to give." }
        return second
    }

    /// The answer to a turn: the same one, id and time included, whenever it is given.
    private static func completion(_ turn: Turn) -> JSONValue {
        let created = (try? Date(turn.at, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0
        return [
            "id": .string("chatcmpl-" + turn.id.dropFirst(turnPrefix.count)), "object": "chat.completion", "created": .integer(created),
            "model": .string(turn.model),
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
