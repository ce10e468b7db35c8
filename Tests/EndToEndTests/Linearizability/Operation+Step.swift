extension Operation {
    /// What it means for the session that it was sent to, as if sessions were changed one operation at a time. Nil if it says nothing: a copy
    /// is a step of two sessions, which `HistoryCheck` makes.
    func step(_ calls: [Int: ModelCall]) -> Step? {
        switch (action, outcome) {
        case (_, .refused), (.read, .unknown), (.page, .unknown), (.fork, .unknown), (.fork, .exists), (.fork, .copied): nil
        case (_, .missing): certain { $0 == nil }
        case (.undo, .empty): certain { $0 == [] }
        case (.undo, .undone(let number, let left)):
            certain { content in content?.last == number && content?.count == left + 1 ? [content?.dropLast()] : [] }
        case (.undo, .unknown): possible { content in content?.isEmpty == false ? [content?.dropLast()] : [] }
        case (.delete, .deleted): certain { $0 == nil ? [] : [nil] }
        case (.delete, .unknown): possible { $0 == nil ? [] : [nil] }
        case (.read, .turns(let turns)): certain { $0 == turns }
        case (.page(_, let before?), .noSuchTurn): certain { $0?.contains(before) == false }
        case (.page(let limit, let before), .page(let turns, let count, let hasMore)):
            certain { content in
                guard let content, let end = before.map({ content.firstIndex(of: $0) }) ?? content.count else { return false }
                // A page has whole turns, of two messages each, and at least one.
                let page = content[..<end].suffix(max(1, limit / 2))
                return page.elementsEqual(turns) && count == content.count && hasMore == (page.startIndex > 0)
            }
        case (.chat(let question, true), .answered(let number, true)):
            certain { calls[number]?.question == question && $0?.contains(number) == true }
        case (.chat, .answered(let number, false)):
            certain(" after \(calls[number]?.history ?? [])") { content in calls[number].map { added($0, to: content, calls) } ?? [] }
        case (.chat(let question, _), .unknown):
            possible { content in
                calls.values.filter { $0.question == question && $0.isAnswered }.flatMap { added($0, to: content, calls) }
            }
        default: certain { _ in false }
        }
    }

    /// The content with the turn for which this operation asked the model; none if the model was not given the content before, or if the
    /// request is a repetition of a stored one.
    private func added(_ call: ModelCall, to content: SessionContent, _ calls: [Int: ModelCall]) -> [SessionContent] {
        guard case .chat(let question, let isKeyed) = action, call.question == question, begin < call.time,
            outcome == .unknown || call.time < end, call.history == content ?? [],
            !isKeyed || !call.history.contains(where: { calls[$0]?.question == question })
        else { return [] }
        return [call.history + [call.number]]
    }

    private func certain(_ note: String = "", _ effects: @escaping (SessionContent) -> [SessionContent]) -> Step {
        Step(name: "\(self)\(note)", begin: begin, end: end, effects: effects)
    }

    /// A step that changes nothing.
    func certain(_ isSeen: @escaping (SessionContent) -> Bool) -> Step { certain { isSeen($0) ? [$0] : [] } }

    private func possible(_ effects: @escaping (SessionContent) -> [SessionContent]) -> Step {
        Step(name: "\(self)", begin: begin, end: Step.never, isCertain: false, effects: effects)
    }
}

extension Operation: CustomStringConvertible {
    var description: String { "\(begin / 1000)-\(end / 1000) µs: \(client) \(session) \(action): \(outcome)" }
}
