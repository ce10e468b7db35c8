import Chat
import JSON
import Models
import Sessions
import Text

/// One turn, as an endpoint asks for it.
struct TurnRequest: Sendable {
    /// The turn's id, which begins with `turn-`. It is made before the turn, since every chunk of a stream carries it.
    var id: String
    var session: SessionKey
    var mode: SessionMode
    /// Where the turn goes. If it is not stored, the model sees what is before that place.
    var place = TurnPlace.end
    var model: ModelCatalog.Entry
    /// `system` and `developer` messages, for this turn only.
    var instructions: [Message]
    /// What the client says came before. A session that has no turns takes it for its past.
    var earlier: [Message]
    /// True if what came before is new to a session that has turns, too.
    var keepsEarlier = false
    /// What the turn adds to the session: `user` messages, and before them the results of tools.
    var messages: [Message]
    /// Further parameters for the model.
    var parameters: [(name: String, value: JSONValue)]
    /// Members of the request that OpenAI's API does not have.
    var otherParameters: [(name: String, value: JSONValue)]
    /// `stream_options.include_usage`; nil if the request does not say.
    var includesUsage: Bool?
    /// True if the model may be asked once more without the older half of a history that it cannot read.
    var allowsShortening = true
    /// What the Responses API shows of the turn besides; nil for another API.
    var response: JSONValue?
    /// What is noted of a chat completion that the client wants to find again; nil for other turns.
    var completion: JSONValue?
    var payer = Payer()
    /// What the stored turn records about the request.
    var origin: Turn.Origin
    /// Tells whether nobody waits for the answer any more. Does not wait itself.
    var hasClientLeft: @Sendable () -> Bool = { false }

    func prompt(history: [PastTurn], turn: [Message]) -> Prompt {
        let configured = model.systemPrompt.map { [Message(role: .system, content: $0)] } ?? []
        return Prompt(
            instructions: configured + instructions, history: history, turn: turn, parameters: parameters,
            otherParameters: otherParameters, includesUsage: includesUsage, conversation: session.description)
    }

    /// The messages of the turn, and those of the request that came before it.
    ///
    /// Results of tools belong to the calls with which the session ends. If it does not end with them, as another agent used it meanwhile, or
    /// the work began elsewhere, they belong to the request's own calls; then the turn is what the request shows, from its last question on.
    ///
    /// - Parameter last: the session's last message; nil if it has none.
    func turn(after last: Message?) throws(UnmatchedToolResult) -> (earlier: [Message], turn: [Message]) {
        let results = messages.prefix(while: \.isResult)
        guard let unknown = Self.unmatched(results, last) else { return (earlier, messages) }
        if let index = Self.unmatched(results, earlier.last) { throw UnmatchedToolResult(index: max(index, unknown)) }
        let start = earlier.lastIndex { $0.role == .user } ?? 0
        return (Array(earlier[..<start]), earlier[start...] + messages)
    }

    /// The index of the first result that answers no call of a message; nil if all do.
    private static func unmatched(_ results: ArraySlice<Message>, _ message: Message?) -> Int? {
        var calls = OpenCalls(message?.toolCalls ?? [])
        let function = message?.extras["function_call"]?.member("name")?.string
        return results.firstIndex { result in
            result.role == .function ? function.map { $0 != result.name } ?? true : !calls.close(result.toolCallID ?? "")
        }
    }
}

/// A tool result without a matching call in the session's last turn, and in the request.
struct UnmatchedToolResult: Error {
    /// The index of the result in the turn's messages.
    var index: Int
}
