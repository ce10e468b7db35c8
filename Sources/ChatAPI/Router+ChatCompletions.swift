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
        // The session keeps none: only a fresh answer has them.
        var logprobs: JSONValue?
        let makeTurn = { (history: [PastTurn]) in
            try chat.checkToolResults(after: history)
            let completion = try await answer(chat.prompt(history: history, systemPrompt: entry.systemPrompt), by: entry.model)
            logprobs = completion.logprobs
            return Turn(
                id: Identifier.make(prefix: Self.turnPrefix), at: now().ISO8601Format(),
                messages: chat.turn + [completion.message], model: entry.id, finishReason: completion.finishReason, usage: completion.usage,
                request: origin)
        }
        switch try SessionMode(request) {
        case .normal:
            let isRetry = request.header("x-stainless-retry-count").flatMap { Int($0) }.map { $0 > 0 } ?? false
            let (turn, isReplayed) = try await sessions.turn(of: key, from: origin, isRetry: isRetry, makeTurn)
            var response = Self.json(Self.completion(turn, logprobs))
            if isReplayed { response.headers.append(("idempotency-replayed", "true")) }
            return response
        case .readonly:
            let turn = try await makeTurn(try await sessions.history(of: key))
            return Self.json(Self.completion(turn, logprobs))
        case .ephemeral:
            let turn = try await makeTurn([])
            return Self.json(Self.completion(turn, logprobs))
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
        var completion = try await model.complete(prompt)
        if completion.isEmpty {
            completion = try await model.complete(prompt)
            if completion.isEmpty { completion.content = "I've completed processing but have no response to give." }
        }
        // Some servers say "stop", and clients look for this before they look for calls.
        if !completion.toolCalls.isEmpty, completion.finishReason == "stop" { completion.finishReason = "tool_calls" }
        return completion
    }

    /// The answer to a turn: the same one, id and time included, whenever it is given.
    ///
    /// - Parameter logprobs: the probabilities of its tokens, where it is fresh and they were asked for.
    private static func completion(_ turn: Turn, _ logprobs: JSONValue?) -> JSONValue {
        let created = (try? Date(turn.at, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0
        let message = turn.messages.last ?? Message(role: .assistant, content: "")
        return [
            "id": .string("chatcmpl-" + turn.id.dropFirst(turnPrefix.count)), "object": "chat.completion", "created": .integer(created),
            "model": .string(turn.model),
            "choices": [
                [
                    "index": 0, "message": message.answer, "logprobs": logprobs ?? .null, "finish_reason": .string(turn.finishReason),
                ]
            ],
            "usage": turn.usage.json,
        ]
    }
}

extension Message {
    /// The message of an answer: the fields that OpenAI's API always gives, and the calls where there are some.
    fileprivate var answer: JSONValue {
        let isSilent = content.isEmpty && (refusal != nil || !toolCalls.isEmpty)
        var members: [(String, JSONValue)] = [
            ("role", "assistant"), ("content", isSilent ? .null : .string(content)), ("refusal", .optional(refusal)), ("annotations", []),
        ]
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map(\.json)))) }
        return .object(members)
    }
}
