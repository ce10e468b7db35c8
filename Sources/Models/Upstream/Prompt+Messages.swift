package import Chat
import JSON
import Text

extension Prompt {
    /// An upstream, as far as it matters to the messages that it gets.
    struct Recipient {
        /// What messages call the upstream that their extras came from.
        var tag: String
        /// True if clients mean this upstream when they send extras.
        var isFirst: Bool
        /// False if the upstream refuses names of participants.
        var takesNames: Bool
    }

    /// The messages for the model's first upstream if it has not answered yet.
    package var messages: [Message] { messages(for: Recipient(tag: "", isFirst: true, takesNames: true)) }

    /// The messages for an upstream, in the order in which its model reads them.
    ///
    /// Upstreams refuse a conversation that is not in order, and then every later turn of it. So there is one system message; then a user
    /// speaks first; arguments are JSON objects; each call has a name, an id and a result behind it, which says so if there is none; each
    /// result has a call; and an assistant says something.
    func messages(for recipient: Recipient) -> [Message] {
        var list = MessageList()
        // Those that the conversation keeps.
        var instructions = instructions
        func add(_ message: Message, isNew: Bool) {
            if message.isInstruction { instructions.append(message) } else { list.add(recipient.adapted(message, isNew: isNew)) }
        }
        for message in shownOnce.flatMap(\.messages) { add(message, isNew: false) }
        for message in turn { add(message, isNew: true) }
        var messages = list.end()
        if let first = messages.first, first.role != .user {
            messages.insert(Message(role: .user, content: "(The assistant speaks first.)"), at: 0)
        }
        return (Self.system(instructions).map { [recipient.adapted($0, isNew: true)] } ?? []) + messages
    }

    /// The history without turns that end in calls of tools and stand in a later turn again, with the results: another agent used the session
    /// while the tools ran.
    private var shownOnce: [PastTurn] {
        guard history.contains(where: { !($0.messages.last?.toolCalls.isEmpty ?? true) }) else { return history }
        func key(_ message: Message) -> TextKey? {
            message.toolCalls.isEmpty ? nil : TextKey(message.toolCalls.map(\.id).joined(separator: "\n"))
        }
        var later = Set(turn.compactMap(key))
        var next = turn.first
        var shown: [PastTurn] = []
        for past in history.reversed() {
            let isAnswered = next?.isResult ?? false
            guard isAnswered || !(past.messages.last.flatMap(key).map(later.contains) ?? false) else { continue }
            later.formUnion(past.messages.compactMap(key))
            next = past.messages.first
            shown.append(past)
        }
        return shown.reversed()
    }

    /// The instructions as one message: the templates of some models refuse two.
    private static func system(_ instructions: [Message]) -> Message? {
        let texts = instructions.map(\.content).filter { !$0.isEmpty }
        guard texts.count > 1 else { return instructions.first { !$0.content.isEmpty } }
        let isDeveloper = instructions.allSatisfy { $0.role == .developer }
        return Message(role: isDeveloper ? .developer : .system, content: texts.joined(separator: "\n\n"))
    }
}

extension Prompt.Recipient {
    /// A message without what is not for this upstream, and with calls that it accepts.
    fileprivate func adapted(_ message: Message, isNew: Bool) -> Message {
        var message = message
        if !takesNames, message.role != .function { message.name = nil }
        let takesExtras = message.upstream == tag || message.upstream == nil && isNew && isFirst
        if !takesExtras { message.extras = ExtraMembers() }
        // OpenAI wants its recordings back by their id alone.
        if let audio = message.extras["audio"] { message.extras["audio"] = audio.member("id").map { ["id": $0] } }
        if let call = message.extras["function_call"] {
            let arguments = call.member("arguments")?.string ?? ""
            message.extras["function_call"] = [
                "name": call.member("name") ?? "", "arguments": .string(Self.isObject(arguments) ? arguments : "{}"),
            ]
        }
        message.toolCalls = message.toolCalls.filter { !$0.name.isEmpty }
        for index in message.toolCalls.indices {
            if !takesExtras { message.toolCalls[index].extras = ExtraMembers() }
            if !Self.isObject(message.toolCalls[index].arguments) { message.toolCalls[index].arguments = "{}" }
        }
        // Its thoughts or pictures are no words to a server that refuses empty messages.
        if message.role == .assistant, message.isWordless, message.extras["function_call"] == nil {
            message.content = "(The assistant said nothing.)"
        }
        return message
    }

    private static func isObject(_ text: String) -> Bool { (try? JSONField(parsing: Array(text.utf8)).value)?.isObject ?? false }
}

/// Puts the results of calls directly behind them.
private struct MessageList {
    private var messages: [Message] = []
    /// The assistant's message whose results are collected.
    private var caller: Message?
    private var results: [Message] = []
    private var others: [Message] = []
    private var namelessCalls = 0

    mutating func add(_ message: Message) {
        switch message.role {
        case .assistant where goesOnCalling(message): caller?.toolCalls += message.toolCalls
        case .assistant:
            endCalls()
            caller = message
        case .tool: results.append(message)
        case .function where caller?.extras["function_call"] != nil: results.append(message)
        case .system, .developer, .user, .function: others.append(message)
        }
    }

    /// True if an assistant only calls more before it has any result: clients of the Conversations API add such messages one by one.
    private func goesOnCalling(_ message: Message) -> Bool {
        !message.toolCalls.isEmpty && message.content.isEmpty && message.refusal == nil && !(caller?.toolCalls.isEmpty ?? true)
            && results.isEmpty && others.isEmpty
    }

    mutating func end() -> [Message] {
        endCalls()
        return messages
    }

    private mutating func endCalls() {
        defer { (caller, results, others) = (nil, [], []) }
        var given: [String] = []
        if var caller {
            for index in caller.toolCalls.indices where caller.toolCalls[index].id.isEmpty {
                namelessCalls += 1
                caller.toolCalls[index].id = "call_without_id_\(namelessCalls)"
                given.append(caller.toolCalls[index].id)
            }
            messages.append(caller)
            self.caller = caller
        }
        var calls = OpenCalls(caller?.toolCalls ?? [])
        var rest = given[...]
        for var result in results {
            if result.role == .tool {
                if result.toolCallID?.isEmpty ?? true { result.toolCallID = rest.popFirst() }
                guard let id = result.toolCallID, calls.close(id) else { continue }
            }
            messages.append(result)
        }
        messages += calls.remaining.map { Message(role: .tool, content: "There is no result.", toolCallID: $0) }
        messages += others
    }
}
