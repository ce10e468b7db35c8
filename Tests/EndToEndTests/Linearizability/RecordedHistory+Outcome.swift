extension RecordedHistory {
    /// What the API's response to an action says.
    func outcome(of action: Operation.Action, _ delivery: SharedDirectory.Delivery) -> Operation.Outcome {
        guard case .response(let response) = delivery else {
            return if case .notSent = delivery { .refused("nobody listens") } else { .unknown }
        }
        if response.headers["x-outcome"] == "unknown" { return .unknown }
        let code = response.json["error"]["code"]?.text ?? "none"
        switch (response.status, code) {
        case (200, _): return outcome(of: action, response)
        case (404, "session_not_found"): return .missing
        case (404, "not_found") where action == .undo: return .empty
        case (409, "session_exists"): return .exists
        case (400, "invalid_value"): return .noSuchTurn
        // The model failed, or the responder stops.
        case (502, "upstream_error"), (503, "upstream_unavailable"), (503, "overloaded"): return .refused(code)
        default:
            contradict("\(action) was answered with \(response.status) \(code)")
            return .unknown
        }
    }

    private func outcome(of action: Operation.Action, _ response: HTTPResponse) -> Operation.Outcome {
        let json = response.json
        func count(_ name: String) -> Int { json[name]?.number.flatMap { Int(exactly: $0) } ?? -1 }
        switch action {
        case .chat(let question, _):
            let id = json["id"]?.text.map { "turn-" + $0.dropFirst("chatcmpl-".count) }
            let number = number(question, response.answer, id: id)
            note(number, body: response.body)
            return .answered(number, isReplayed: response.headers["idempotency-replayed"] == "true")
        case .undo:
            let texts = json["messages"]?.elements.map { $0["content"]?.text } ?? []
            return .undone(number(texts.first ?? nil, texts.last ?? nil, id: json["id"]?.text), left: count("turns"))
        case .delete: return .deleted
        case .fork: return .copied(count: count("turns"))
        case .read: return .turns(turns(json))
        case .page:
            let messages = json["messages"]?.elements ?? []
            let turns = stride(from: 1, to: messages.count, by: 2).map {
                number(messages[$0 - 1]["content"]?.text, messages[$0]["content"]?.text, id: messages[$0]["turn"]?.text)
            }
            return .page(turns, count: count("turns"), hasMore: json["has_more"] == .bool(true))
        }
    }

    /// What a command printed about an action; nil if it was killed.
    func outcome(of action: Operation.Action, _ command: Program.Outcome?) -> Operation.Outcome {
        guard let command else { return .unknown }
        let (output, error) = (String(decoding: command.standardOutput, as: UTF8.self), command.standardError)
        switch (command.status, action) {
        case (0, .delete): return .deleted
        case (0, .read): return .turns(turns(try? JSON(command.standardOutput)))
        case (0, .fork): if let match = error.firstMatch(of: /(\d+) turns? copied/) { return .copied(count: Int(match.1) ?? -1) }
        case (0, .undo):
            if let count = error.firstMatch(of: /the last of (\d+) turn/), let said = output.firstMatch(of: /(?s)> (.*?)\n.*> (.*?)\n/) {
                return .undone(number(String(said.1), String(said.2)), left: (Int(count.1) ?? -1) - 1)
            }
        case (1, _) where error.contains("There is no session "): return .missing
        case (1, .fork) where error.contains(" already"): return .exists
        case (1, .undo) where error.contains("no turn to take back"): return .empty
        default: break
        }
        contradict("the command for \(action) ended with \(command.status): \(output.prefix(500))\(error)")
        return .unknown
    }
}
