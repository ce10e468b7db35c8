import Crypto
import Chat

/// Puts the tool calls of a reply together from pieces.
struct ToolCallParser {
    /// The calls so far, in the order in which they began.
    private(set) var calls: [Message.ToolCall] = []
    private var positions: [Int: Int] = [:]
    private var given: [String?] = []

    /// Takes a piece; gives it with the position and the id that its call has here.
    mutating func read(_ piece: CompletionChunk.Call) -> Delta.ToolCall {
        let position = position(of: piece)
        guard position == calls.count else {
            calls[position].arguments += piece.arguments
            return Delta.ToolCall(index: position, arguments: piece.arguments)
        }
        // The result will refer to the id, so there has to be one.
        let id = piece.id ?? Identifier.make(prefix: "call_")
        calls.append(Message.ToolCall(id: id, name: piece.name ?? "", arguments: piece.arguments))
        given.append(piece.id)
        if let index = piece.index { positions[index] = position }
        return Delta.ToolCall(index: position, id: id, name: piece.name ?? "", arguments: piece.arguments)
    }

    /// Which call a piece belongs to. Some servers send whole calls without an index, or all of them with index 0.
    private func position(of piece: CompletionChunk.Call) -> Int {
        if let index = piece.index {
            guard let position = positions[index] else { return calls.count }
            let isOther = piece.id != nil && given[position] != nil && piece.id != given[position]
            return isOther ? calls.count : position
        }
        if let id = piece.id { return given.firstIndex(of: id) ?? calls.count }
        return piece.name == nil && !calls.isEmpty ? calls.count - 1 : calls.count
    }
}
