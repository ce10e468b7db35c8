/// Checks that what was recorded could have been seen if every session were changed by one operation at a time: each turn that was answered
/// was stored once, the model was given what was stored before it, and every reader saw the session as it was at one moment.
struct HistoryCheck {
    struct Violation: Error, CustomStringConvertible {
        let description: String
    }

    private let operations: [Operation]
    private let calls: [Int: ModelCall]
    /// The copies that there are, or may be, by their session. No two copies had the same target.
    private let copies: [String: Operation]

    init(operations: [Operation], calls: [ModelCall]) {
        self.operations = operations
        self.calls = Dictionary(uniqueKeysWithValues: calls.map { ($0.number, $0) })
        copies = Dictionary(
            uniqueKeysWithValues: operations.compactMap { operation in
                switch (operation.target, operation.outcome) {
                case (let target?, .copied), (let target?, .unknown): (target, operation)
                default: nil
                }
            })
    }

    func run() throws(Violation) {
        for session in Set(operations.map(\.session)).subtracting(copies.keys).sorted() {
            guard let problem = try failure(try steps(of: session)) else { continue }
            throw Violation(description: "Session \(session): \(problem)")
        }
        // Those of sessions that nobody used.
        for copy in copies.values { _ = try originals(of: copy) }
    }

    /// Why steps have no order; nil if they have one.
    private func failure(_ steps: [Step]) throws(Violation) -> String? {
        do throws(Linearization.Failure) {
            try Linearization.check(steps)
            return nil
        } catch {
            switch error {
            case .impossible(let text): return text
            case .tooLong: throw Violation(description: "The search takes too long: \(steps.count) steps")
            }
        }
    }

    /// The steps of a session, without the copying that may have made it.
    private func steps(of session: String) throws(Violation) -> [Step] {
        var steps: [Step] = []
        for operation in operations {
            if operation.session == session {
                if let step = operation.step(calls) { steps.append(step) }
                // The copy has what its original had at some moment.
                if let target = operation.target, let copy = copies[target], let originals = try originals(of: copy) {
                    steps.append(
                        Step(name: "\(copy)", begin: copy.begin, end: copy.outcome == .unknown ? Step.never : copy.end) { content in
                            content.map(originals.contains) == true ? [content] : []
                        })
                }
            }
            if operation.target == session, operation.outcome == .exists { steps.append(operation.certain { $0 != nil }) }
        }
        return steps + reads(of: session)
    }

    /// What the model was given is what the session had, also if the turn was not stored.
    private func reads(of session: String) -> [Step] {
        let asked = Dictionary(
            operations.compactMap { operation in operation.session == session ? operation.question.map { ($0, operation.begin) } : nil },
            uniquingKeysWith: min)
        let stored = Set(operations.compactMap { if case .answered(let number, false) = $0.outcome { number } else { nil } })
        return calls.values.filter { !stored.contains($0.number) }.compactMap { call in
            asked[call.question].map { begin in
                Step(name: "\(begin / 1000)-\(call.time / 1000) µs: \(call)", begin: begin, end: call.time) {
                    $0 ?? [] == call.history ? [$0] : []
                }
            }
        }
    }

    /// What a copy may be a copy of. Nil if there may be none.
    private func originals(of copy: Operation) throws(Violation) -> Set<[Int]>? {
        let target = copy.target ?? ""
        let steps = try steps(of: target)
        if copy.outcome == .unknown, try failure(steps) == nil { return nil }
        var problem = "nothing was there to be copied"
        var originals: Set<[Int]> = []
        for content in contents(of: copy.session).sorted(by: { $0.count < $1.count }) {
            if case .copied(let count) = copy.outcome, count != content.count { continue }
            let creation = Step(name: "\(copy)", begin: copy.begin, end: copy.outcome == .unknown ? Step.never : copy.end) {
                $0 == nil ? [content] : []
            }
            if let failure = try failure(steps + [creation]) { problem = failure } else { originals.insert(content) }
        }
        guard originals.isEmpty else { return originals }
        throw Violation(description: "Session \(target), copied from \(copy.session): \(problem)")
    }

    /// Everything that a session may ever have had.
    private func contents(of session: String) -> Set<[Int]> {
        let questions = Set(operations.filter { $0.session == session }.compactMap(\.question))
        let longest = calls.values.filter { questions.contains($0.question) }.map { $0.history + [$0.number] }
        let own = Set(longest.flatMap { turns in (0...turns.count).map { Array(turns.prefix($0)) } }).union([[]])
        return copies[session].map {
            own.union(contents(of: $0.session).flatMap { turns in (0...turns.count).map { Array(turns.prefix($0)) } })
        } ?? own
    }
}
