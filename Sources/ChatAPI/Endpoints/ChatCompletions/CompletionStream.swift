import CGI
import Chat
import Concurrency
import FoundationEssentials
import JSON
import Models
import Sessions
import Server

/// One chat completion in the chunks of OpenAI's API: the role, what the model says, why it ended, perhaps what it cost, `[DONE]`.
final class CompletionStream: Sendable {
    /// What every chunk of one completion repeats.
    private struct Head {
        var id: String
        var created: Int
        var model: String
    }

    private let head: Head
    private let includesUsage: Bool
    /// Whether the chunk with the role was given.
    private let hasBegun = Mutex(false)

    /// - Parameters:
    ///   - id: the completion's, which is that of the turn that will be stored.
    ///   - includesUsage: `stream_options.include_usage`.
    init(id: String, created: Date, model: String, includesUsage: Bool) {
        head = Head(id: id, created: Int(created.timeIntervalSince1970), model: model)
        self.includesUsage = includesUsage
    }

    /// The frames of what the model adds; none for nothing.
    func frames(_ delta: Delta) -> [UInt8] {
        guard delta != Delta() else { return [] }
        return role(head) + frame(head, delta: delta.json, logprobs: delta.logprobs)
    }

    /// The frames that end a stream once its turn is stored. Where nothing of it was given before, because it is replayed, they are all
    /// of it.
    func end(_ turn: Turn) -> [UInt8] {
        var frames: [UInt8] = []
        var head = head
        if !hasBegun.withLock(\.self) {
            head = Head(id: turn.completionID, created: turn.created, model: turn.model)
            frames = role(head)
            if let message = turn.messages.last { frames += frame(head, delta: Delta(message).json) }
        }
        frames += frame(head, delta: [:], finishReason: turn.finishReason)
        if includesUsage { frames += frame(head, choices: [], usage: turn.usage.json) }
        return frames + EventStream.data(Array("[DONE]".utf8))
    }

    /// The frame that ends a stream whose turn failed. No `[DONE]` follows: clients take a stream that merely ends for a success.
    static func end(_ error: APIError) -> [UInt8] { EventStream.data(error.body.serialized) }

    private func role(_ head: Head) -> [UInt8] {
        let isFirst = hasBegun.withLock { hasBegun in
            defer { hasBegun = true }
            return !hasBegun
        }
        return isFirst ? frame(head, delta: ["role": "assistant", "content": ""]) : []
    }

    private func frame(_ head: Head, delta: JSONValue, logprobs: JSONValue? = nil, finishReason: String? = nil) -> [UInt8] {
        let choice: JSONValue = [
            "index": 0, "delta": delta, "logprobs": logprobs ?? .null, "finish_reason": .optional(finishReason),
        ]
        return frame(head, choices: [choice], usage: .null)
    }

    private func frame(_ head: Head, choices: JSONValue, usage: JSONValue) -> [UInt8] {
        var members: [(String, JSONValue)] = [
            ("id", .string(head.id)), ("object", "chat.completion.chunk"), ("created", .integer(head.created)),
            ("model", .string(head.model)), ("choices", choices),
        ]
        if includesUsage { members.append(("usage", usage)) }
        return EventStream.data(JSONValue.object(members).serialized)
    }
}

extension Delta {
    /// All of a message.
    fileprivate init(_ message: Message) {
        self.init(
            content: message.content, refusal: message.refusal,
            toolCalls: message.toolCalls.enumerated().map { index, call in
                ToolCall(index: index, id: call.id, name: call.name, arguments: call.arguments)
            })
    }

    /// What it adds, as every OpenAI-compatible API writes it.
    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = []
        if !content.isEmpty { members.append(("content", .string(content))) }
        if let refusal { members.append(("refusal", .string(refusal))) }
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map(\.json)))) }
        return .object(members)
    }
}

extension Delta.ToolCall {
    fileprivate var json: JSONValue {
        var function: [(String, JSONValue)] = []
        if let name { function.append(("name", .string(name))) }
        function.append(("arguments", .string(arguments)))
        var members: [(String, JSONValue)] = [("index", .integer(index))]
        if let id { members += [("id", .string(id)), ("type", "function")] }
        return .object(members + [("function", .object(function))])
    }
}
