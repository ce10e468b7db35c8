import Models

/// What the built-in model says, in one language.
protocol Phrasebook: Sendable {
    var identity: String { get }
    var help: String { get }
    var greeting: String { get }
    var greetingAgain: String { get }
    var thanks: String { get }
    var farewell: String { get }
    var yes: String { get }
    var no: String { get }
    var wellbeing: String { get }

    var nothingAsked: String { get }
    func asked(_ text: String, _ position: Position) -> String
    var nothingAnswered: String { get }
    func answered(_ text: String) -> String
    func askedOnly(_ count: Int) -> String
    func count(_ count: Int) -> String

    var nothingToSummarize: String { get }
    func summary(_ lines: [String], omitted: Int) -> String

    /// A fact as said to the user.
    func sentence(_ fact: Fact) -> String
    func noted(_ sentences: [String]) -> String
    func recalled(_ sentences: [String]) -> String
    func untold(_ label: String) -> String
    func profile(_ sentences: [String]) -> String
    var noProfile: String { get }
    func notes(_ sentences: [String]) -> String
    var noNotes: String { get }

    func time(_ moment: Moment) -> String
    func date(_ moment: Moment, dayOffset: Int) -> String
    func year(_ moment: Moment) -> String
    func calculation(_ calculation: Arithmetic) -> String

    /// To pictures and recordings.
    var textOnly: String { get }
    /// To what a tool gave.
    var toolless: String { get }
    var blank: String { get }
    func wordless(_ text: String) -> String
    /// A message that no rule understands, and the user's message before it.
    func acknowledgement(_ text: String, isRequest: Bool, previous: String?) -> String
}

extension Language {
    var phrasebook: any Phrasebook { self == .english ? English() : Chinese() }
}
