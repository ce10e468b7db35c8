import Chat
import Crypto
import Text

/// Puts the tool calls of a response together from chunks.
struct ToolCallParser {
    /// The calls so far, in the order of their first chunks.
    private(set) var calls: [Message.ToolCall] = []
    private var positions: [Int: Int] = [:]
    private var given: [String?] = []
    /// The first call with an id.
    private var positionsByID: [TextKey: Int] = [:]

    /// Takes a chunk; gives it with the position and the id that its call has here.
    mutating func read(_ chunk: CompletionChunk.Call) -> Delta.ToolCall {
        let position = position(of: chunk)
        guard position == calls.count else {
            calls[position].arguments += chunk.arguments
            return Delta.ToolCall(index: position, arguments: chunk.arguments)
        }
        // There has to be an id for the result to refer to.
        let id = chunk.id ?? Identifier.make(prefix: "call_")
        calls.append(Message.ToolCall(id: id, name: chunk.name ?? "", arguments: chunk.arguments))
        given.append(chunk.id)
        if let id = chunk.id, positionsByID[TextKey(id)] == nil { positionsByID[TextKey(id)] = position }
        if let index = chunk.index { positions[index] = position }
        return Delta.ToolCall(index: position, id: id, name: chunk.name ?? "", arguments: chunk.arguments)
    }

    /// Which call a chunk belongs to. Some servers send whole calls without an index, or all of them with index 0.
    private func position(of chunk: CompletionChunk.Call) -> Int {
        if let index = chunk.index {
            guard let position = positions[index] else { return calls.count }
            let isOther = chunk.id != nil && given[position] != nil && chunk.id != given[position]
            return isOther ? calls.count : position
        }
        if let id = chunk.id { return positionsByID[TextKey(id)] ?? calls.count }
        return chunk.name == nil && !calls.isEmpty ? calls.count - 1 : calls.count
    }
}
