import Chat
import Crypto
import Text

/// Puts the tool calls of a response together from chunks. A call is passed on once its name is whole: when its arguments begin, when the
/// next call does, or at the end. One without a name is not passed on.
struct ToolCallParser {
    /// A call as far as it has arrived.
    private struct Draft {
        var call = Message.ToolCall(id: "", name: "", arguments: "")
        /// The id that the upstream gave.
        var id: String?
        var extent = JSONExtent()
        /// The position among the calls that were passed on.
        var position: Int?
    }

    private var drafts: [Draft] = []
    /// Which drafts were passed on, in order.
    private var passedOn: [Int] = []
    private var ids: Set<TextKey> = []
    /// The latest draft with an index, and with an id.
    private var draftsByIndex: [Int: Int] = [:]
    private var draftsByID: [TextKey: Int] = [:]

    /// The calls that were passed on.
    var calls: [Message.ToolCall] { passedOn.map { drafts[$0].call } }

    /// Takes the calls of a chunk, and returns what to pass on.
    ///
    /// - Parameter areWhole: true for a message, in which each call is a different one.
    mutating func read(_ chunks: [CompletionChunk.Call], areWhole: Bool) -> [Delta.ToolCall] {
        var deltas: [Delta.ToolCall] = []
        var taken: Set<Int> = []
        for chunk in chunks {
            let known = areWhole ? nil : self.draft(of: chunk).flatMap { isNext(chunk, after: $0, taken) ? nil : $0 }
            let number = known ?? drafts.count
            if known == nil {
                if let last = drafts.indices.last { deltas += passOn(last) }
                drafts.append(Draft())
            }
            taken.insert(number)
            deltas += add(chunk, to: number)
        }
        return deltas
    }

    /// What to pass on at the end: calls that were held back, and `{}` for arguments that never came.
    mutating func end() -> [Delta.ToolCall] {
        var deltas = drafts.indices.flatMap { passOn($0) }
        for number in passedOn where drafts[number].call.arguments.isEmpty {
            drafts[number].call.arguments = "{}"
            deltas.append(Delta.ToolCall(index: drafts[number].position ?? 0, arguments: "{}"))
        }
        return deltas
    }

    private mutating func add(_ chunk: CompletionChunk.Call, to number: Int) -> [Delta.ToolCall] {
        if let index = chunk.index { draftsByIndex[index] = number }
        if let id = chunk.id {
            draftsByID[TextKey(id)] = number
            drafts[number].id = drafts[number].id ?? id
        }
        // Some servers repeat the name; others send it in two parts.
        let name = chunk.name == drafts[number].call.name ? nil : chunk.name
        drafts[number].call.name += name ?? ""
        drafts[number].call.arguments += chunk.arguments
        drafts[number].call.extras.append(chunk.extras)
        drafts[number].extent.read(chunk.arguments.utf8)
        guard let position = drafts[number].position else {
            return drafts[number].call.arguments.isEmpty ? [] : passOn(number)
        }
        guard name != nil || !chunk.arguments.isEmpty || !chunk.extras.isEmpty else { return [] }
        return [Delta.ToolCall(index: position, name: name, arguments: chunk.arguments, extras: chunk.extras)]
    }

    /// Passes a call on for the first time, unless it has no name yet.
    private mutating func passOn(_ number: Int) -> [Delta.ToolCall] {
        guard drafts[number].position == nil, !drafts[number].call.name.isEmpty else { return [] }
        // There has to be an id for the result to refer to, and no other call may have it.
        var id = drafts[number].id ?? Identifier.make(prefix: "call_")
        if ids.contains(TextKey(id)) { id = Identifier.make(prefix: "call_") }
        ids.insert(TextKey(id))
        drafts[number].call.id = id
        drafts[number].position = passedOn.count
        passedOn.append(number)
        let call = drafts[number].call
        return [Delta.ToolCall(index: passedOn.count - 1, id: id, name: call.name, arguments: call.arguments, extras: call.extras)]
    }

    /// The call that a chunk seems to continue: that of its index, else of its id, else the last one.
    private func draft(of chunk: CompletionChunk.Call) -> Int? {
        if let index = chunk.index { return draftsByIndex[index] }
        if let id = chunk.id, let draft = draftsByID[TextKey(id)] { return draft }
        guard let last = drafts.last, let name = chunk.name, !last.call.name.isEmpty else { return drafts.indices.last }
        let isRepeated = chunk.id == nil && last.call.name == name && !last.call.arguments.isEmpty && !last.extent.isComplete
        return isRepeated ? drafts.count - 1 : nil
    }

    /// True if a chunk begins another call than the one that it seems to continue. Some servers give all calls the index 0, or the same
    /// id; others change the id within a call.
    private func isNext(_ chunk: CompletionChunk.Call, after number: Int, _ taken: Set<Int>) -> Bool {
        let draft = drafts[number]
        let hasOtherID = chunk.id != nil && draft.id != nil && chunk.id != draft.id
        guard chunk.name != nil else { return hasOtherID && draft.extent.isComplete && chunk.index == nil }
        if taken.contains(number) { return true }
        if draft.extent.isComplete { return hasOtherID || !chunk.arguments.isEmpty }
        return hasOtherID && draft.call.arguments.isEmpty && !draft.call.name.isEmpty
    }
}
