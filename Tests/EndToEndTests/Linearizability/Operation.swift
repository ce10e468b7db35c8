/// The turns of a session, oldest first, each by the number of the model's answer in it. Nil if there is no session.
typealias SessionContent = [Int]?

/// What a client did to a session, and what it saw.
struct Operation: Sendable {
    enum Action: Sendable, Equatable {
        /// With an idempotency key, the same question is always asked with the same one.
        case chat(question: String, isKeyed: Bool)
        case undo
        case delete
        case fork(to: String)
        case read
        /// - Parameter before: nil for the newest page.
        case page(limit: Int, before: Int?)
    }

    enum Outcome: Sendable, Equatable {
        /// The client left, the connection broke, or a process was killed.
        case unknown
        /// Nothing was changed, and nothing was seen.
        case refused(String)
        case missing
        /// There is no turn to take back.
        case empty
        /// There is no turn that the page could end before.
        case noSuchTurn
        /// The fork's target is there already.
        case exists
        case answered(Int, isReplayed: Bool)
        case undone(Int, left: Int)
        case deleted
        case copied(count: Int)
        case turns([Int])
        case page([Int], count: Int, hasMore: Bool)
    }

    var client: String
    var session: String
    var action: Action
    /// Nanoseconds, as all times here. No two are the same.
    var begin: Int
    var end: Int
    var outcome: Outcome

    var question: String? { if case .chat(let question, _) = action { question } else { nil } }
    var target: String? { if case .fork(let target) = action { target } else { nil } }
}

/// A request that the model got.
struct ModelCall: Sendable {
    var number: Int
    var question: String
    /// The turns before the question.
    var history: [Int]
    /// When the model had read it.
    var time: Int
    /// False if the model failed.
    var isAnswered = true

    /// What the model says to a question, the only time that it says so.
    static func answer(_ number: Int, to question: String) -> String { "#\(number) to \(question)" }
}
