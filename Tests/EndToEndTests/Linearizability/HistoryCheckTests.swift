import Testing

/// Histories written by hand. Intervals are in the order of what happened; a question's number is its answer's.
@Suite("The check of recorded histories")
struct HistoryCheckTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var operations: [Operation] = []
        var calls: [ModelCall] = []

        init(_ description: String, _ build: (inout Sample) -> Void) {
            testDescription = description
            build(&self)
        }

        mutating func add(
            _ action: Operation.Action, _ times: ClosedRange<Int>, _ outcome: Operation.Outcome, session: String = "s"
        ) {
            // Calls are between the beginning and the end.
            operations.append(
                Operation(
                    client: "a", session: session, action: action, begin: times.lowerBound * 10, end: times.upperBound * 10,
                    outcome: outcome))
        }

        /// A question that the model was asked, and that was answered, unless the outcome is not known.
        mutating func chat(
            _ number: Int, _ times: ClosedRange<Int>, after history: [Int], isKnown: Bool = true, question: Int? = nil,
            isKeyed: Bool = false, session: String = "s"
        ) {
            let question = "\(question ?? number)"
            calls.append(ModelCall(number: number, question: question, history: history, time: times.lowerBound * 10 + 5))
            add(
                .chat(question: question, isKeyed: isKeyed), times, isKnown ? .answered(number, isReplayed: false) : .unknown,
                session: session)
        }

        mutating func replay(_ number: Int, _ times: ClosedRange<Int>) {
            add(.chat(question: "\(number)", isKeyed: true), times, .answered(number, isReplayed: true))
        }

        func check() throws { try HistoryCheck(operations: operations, calls: calls).run() }
    }

    private static let possible = [
        Sample("nothing") { _ in },
        Sample("turns one after the other, and what a reader sees of them") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...4, after: [1])
            $0.add(.read, 5...6, .turns([1, 2]))
            $0.add(.page(limit: 2, before: nil), 7...8, .page([2], count: 2, hasMore: true))
            $0.add(.page(limit: 2, before: 2), 9...10, .page([1], count: 2, hasMore: false))
        },
        Sample("turns at once, in the order that the model saw") {
            $0.chat(1, 1...9, after: [2])
            $0.chat(2, 2...8, after: [])
            $0.add(.read, 3...4, .missing)
            $0.add(.read, 10...11, .turns([2, 1]))
        },
        Sample("a turn that was stored although nobody knew, later than its client left") {
            $0.chat(1, 1...2, after: [], isKnown: false)
            $0.add(.read, 3...4, .missing)
            $0.add(.read, 5...6, .turns([1]))
        },
        Sample("a turn that was never stored") {
            $0.chat(1, 1...2, after: [], isKnown: false)
            $0.chat(2, 3...4, after: [])
            $0.add(.read, 5...6, .turns([2]))
        },
        Sample("a repetition, and one after the turn was taken back") {
            $0.chat(1, 1...2, after: [], isKeyed: true)
            $0.replay(1, 3...4)
            $0.add(.undo, 5...6, .undone(1, left: 0))
            $0.chat(2, 7...8, after: [], question: 1, isKeyed: true)
            $0.add(.undo, 9...10, .undone(2, left: 0))
            $0.add(.undo, 11...12, .empty)
            $0.add(.delete, 13...14, .deleted)
            $0.add(.undo, 15...16, .missing)
        },
        Sample("a copy of what was there before a turn that ended meanwhile") {
            $0.chat(1, 1...2, after: [])
            $0.add(.fork(to: "t"), 3...8, .copied(count: 1))
            $0.chat(2, 4...5, after: [1])
            $0.add(.read, 6...7, .missing, session: "t")
            $0.add(.read, 9...10, .turns([1]), session: "t")
        },
        Sample("a copy that was made although nobody knew") {
            $0.chat(1, 1...2, after: [])
            $0.add(.fork(to: "t"), 3...4, .unknown)
            $0.chat(2, 5...6, after: [1], session: "t")
            $0.add(.read, 7...8, .turns([1]))
        },
    ]

    private static let impossible = [
        Sample("an answered turn is lost") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...4, after: [1])
            $0.add(.read, 5...6, .turns([2]))
        },
        Sample("a turn is there twice") {
            $0.chat(1, 1...2, after: [])
            $0.add(.read, 3...4, .turns([1, 1]))
        },
        Sample("a repetition asks the model again") {
            $0.chat(1, 1...2, after: [], isKeyed: true)
            $0.chat(2, 3...4, after: [1], question: 1, isKeyed: true)
        },
        Sample("a try that was cut off stores its turn beside that of its repetition") {
            $0.chat(1, 1...2, after: [], isKnown: false, isKeyed: true)
            $0.chat(2, 3...4, after: [1], question: 1, isKeyed: true)
            $0.add(.read, 5...6, .turns([1, 2]))
        },
        Sample("a turn is replayed that nobody stored") {
            $0.replay(1, 1...2)
        },
        Sample("a reader sees what was before a turn that had ended") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...4, after: [1])
            $0.add(.read, 5...6, .turns([1]))
        },
        Sample("a reader sees a turn whose client has not asked yet") {
            $0.add(.read, 1...2, .turns([1]))
            $0.chat(1, 3...4, after: [])
        },
        Sample("a reader sees a turn go and come again") {
            $0.chat(1, 1...8, after: [])
            $0.add(.read, 2...3, .turns([1]))
            $0.add(.read, 4...5, .missing)
        },
        Sample("the model is given the same history for two turns") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...6, after: [1])
            $0.chat(3, 4...5, after: [1])
        },
        Sample("the model is given what the session never had, for a turn that was not stored") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...4, after: [], isKnown: false)
            $0.add(.read, 5...6, .turns([1]))
        },
        Sample("the wrong turn is taken back") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...4, after: [1])
            $0.add(.undo, 5...6, .undone(1, left: 1))
        },
        Sample("a turn is taken back twice") {
            $0.chat(1, 1...2, after: [])
            $0.add(.undo, 3...5, .undone(1, left: 0))
            $0.add(.undo, 4...6, .undone(1, left: 0))
        },
        Sample("a deleted session is back") {
            $0.chat(1, 1...2, after: [])
            $0.add(.delete, 3...4, .deleted)
            $0.add(.read, 5...6, .turns([1]))
        },
        Sample("a page mixes two moments") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...6, after: [1])
            $0.add(.page(limit: 9, before: nil), 4...5, .page([1], count: 2, hasMore: false))
        },
        Sample("a copy has a turn that was taken back before") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 3...4, after: [1])
            $0.add(.undo, 5...6, .undone(2, left: 1))
            $0.add(.fork(to: "t"), 7...8, .copied(count: 2))
        },
        Sample("a copy has what its original never had") {
            $0.chat(1, 1...2, after: [])
            $0.add(.fork(to: "t"), 3...4, .unknown)
            $0.chat(3, 5...6, after: [2], session: "t")
        },
        Sample("a copy replaces a session") {
            $0.chat(1, 1...2, after: [])
            $0.chat(2, 1...2, after: [], session: "t")
            $0.add(.fork(to: "t"), 3...4, .copied(count: 1))
        },
    ]

    @Test("a history that one operation at a time could have made is accepted", arguments: possible)
    func accepts(_ sample: Sample) throws { try sample.check() }

    @Test("a history that nothing could have made is refused", arguments: impossible)
    func refuses(_ sample: Sample) { #expect(throws: HistoryCheck.Violation.self) { try sample.check() } }

    @Test("a search without end is given up, and says so")
    func givesUp() {
        let sample = Sample("many turns at once") { sample in
            for number in 1...126 { sample.add(.undo, number...(number + 200), .unknown) }
            for number in 1...20 { sample.chat(number, 1...400, after: Array(1..<number), isKnown: false) }
        }
        #expect { try sample.check() } throws: { "\($0)".contains("takes too long") }
    }
}
