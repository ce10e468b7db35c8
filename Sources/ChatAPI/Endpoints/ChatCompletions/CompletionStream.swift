import CGI
import Chat
import Concurrency
import FoundationEssentials
import JSON
import Models
import Sessions
import Server

/// One chat completion as the chunks of OpenAI's API: the role, the content, the finish reason, the usage if asked for, and `[DONE]`.
final class CompletionStream: Sendable {
    /// The members that every chunk of a completion repeats.
    private struct Head {
        var id: String
        var created: Int
        var model: String
    }

    private let head: Head
    private let includesUsage: Bool
    /// True once the chunk with the role has been made.
    private let hasBegun = Mutex(false)

    /// - Parameters:
    ///   - id: the completion's id, made from the id of the turn that will be stored.
    ///   - includesUsage: `stream_options.include_usage`.
    init(id: String, created: Date, model: String, includesUsage: Bool) {
        head = Head(id: id, created: Int(created.timeIntervalSince1970), model: model)
        self.includesUsage = includesUsage
    }

    /// The frames for what the model adds; empty if it adds nothing.
    func frames(_ delta: Delta) -> [UInt8] {
        guard delta != Delta() else { return [] }
        return role(head) + frame(head, delta: delta.json, logprobs: delta.logprobs)
    }

    /// The frames that end a stream once its turn is stored. If nothing was streamed before, because the turn is replayed, they are the
    /// whole stream.
    func end(_ turn: Turn, in session: SessionKey) -> [UInt8] {
        var frames: [UInt8] = []
        var head = head
        if !hasBegun.withLock(\.self) {
            head = Head(id: turn.completionID(in: session), created: turn.created, model: turn.model)
            frames = role(head)
            if let message = turn.messages.last { frames += frame(head, delta: Delta(message).json) }
        }
        frames += frame(head, delta: [:], finishReason: turn.finishReason)
        if includesUsage { frames += frame(head, choices: [], usage: turn.usage.json) }
        return frames + EventStream.data(Array("[DONE]".utf8))
    }

    /// The frame that ends a stream whose turn failed. No `[DONE]` follows.
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
    /// A whole message as one delta.
    fileprivate init(_ message: Message) {
        self.init(
            content: message.content, refusal: message.refusal,
            toolCalls: message.toolCalls.enumerated().map { index, call in
                ToolCall(index: index, id: call.id, name: call.name, arguments: call.arguments, extras: call.extras)
            }, extras: message.extras)
    }

    /// The `delta` member of a chunk.
    fileprivate var json: JSONValue {
        var members: [(String, JSONValue)] = []
        if !content.isEmpty { members.append(("content", .string(content))) }
        if let refusal { members.append(("refusal", .string(refusal))) }
        if !toolCalls.isEmpty { members.append(("tool_calls", .array(toolCalls.map(\.json)))) }
        return .object(members + extras.members)
    }
}

extension Delta.ToolCall {
    fileprivate var json: JSONValue {
        var function: [(String, JSONValue)] = []
        if let name { function.append(("name", .string(name))) }
        function.append(("arguments", .string(arguments)))
        var members: [(String, JSONValue)] = [("index", .integer(index))]
        if let id { members += [("id", .string(id)), ("type", "function")] }
        return .object(members + [("function", .object(function))] + extras.members)
    }
}
