import Chat
import JSON
import Sessions
import Text

extension Turn {
    /// Where the message is that an item is of; nil if there is none.
    private func place(of id: ItemID) -> Int? {
        let place = id.message == 0 ? messages.count - 1 : id.message - 1
        guard messages.indices.contains(place), id.message != 0 || !isGiven, !messages[place].isRemoved else { return nil }
        let message = messages[place]
        let fits =
            switch id.kind {
            case .message: !message.isResult
            case .result: message.isResult
            case .reasoning: message.role == .assistant
            case .call: message.toolCalls.indices.contains(id.call) && !message.toolCalls[id.call].isRemoved
            }
        return fits ? place : nil
    }

    /// The message that an item is of; nil if there is none.
    func message(of id: ItemID) -> Message? { place(of: id).map { messages[$0] } }

    /// Takes an item out. The others keep their ids: what is removed leaves its place empty.
    ///
    /// - Returns: false if nothing is left of the turn.
    mutating func remove(_ id: ItemID) -> Bool {
        guard let place = place(of: id) else { return true }
        var message = messages[place]
        switch id.kind {
        case .reasoning: for name in ["reasoning_content", "reasoning", "reasoning_details"] { message.extras[name] = nil }
        case .message, .result: (message.content, message.parts, message.refusal) = ("", [], nil)
        case .call: message.toolCalls[id.call] = Message.ToolCall(id: "", name: "", arguments: "")
        }
        let isCalling = message.toolCalls.contains { !$0.isRemoved }
        if message.content.isEmpty, message.parts.isEmpty, message.refusal == nil, message.reasoning == nil, !isCalling {
            message = Message(role: message.role, content: "", toolCallID: message.toolCallID.map { _ in "" }, name: message.name)
            message.isRemoved = true
        }
        messages[place] = message
        return messages.contains { !$0.isRemoved }
    }
}
