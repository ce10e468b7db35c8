import Models

/// The built-in model's English.
struct English: Phrasebook {
    private static let connecting =
        "Where this build supports it, setting upstream.url (NANOBOT_UPSTREAM_URL) to an OpenAI-compatible server connects a real model."
    private static let abilities =
        "I can tell you what you asked before, sum up our conversation, recall what you told me about yourself, "
        + "do arithmetic, and tell the date and time in UTC."

    var identity: String { "I am nanobot's built-in model: small, rule-based, and without a network. \(Self.abilities) \(Self.connecting)" }
    var help: String { "\(Self.abilities) I am nanobot's built-in model, small and rule-based. \(Self.connecting)" }
    var greeting: String { "Hello! \(identity)" }
    let greetingAgain = "Hello again!"
    let thanks = "You are welcome."
    let farewell = "Goodbye!"
    let yes = "All right."
    let no = "All right, then not."
    let wellbeing = "I am fine, thank you. How are you?"

    let nothingAsked = "You have not asked anything before this in our conversation."

    func asked(_ text: String, _ position: Position) -> String {
        switch position {
        case .fromEnd(1): "Just before this you said: “\(text)”"
        case .fromEnd(let number): "\(number) messages ago you said: “\(text)”"
        case .fromStart(1): "The first message from you that I can see is: “\(text)”"
        case .fromStart(let number): "Message number \(number) from you was: “\(text)”"
        }
    }

    let nothingAnswered = "I have not said anything before this in our conversation."
    func answered(_ text: String) -> String { "My last answer was: “\(text)”" }
    func askedOnly(_ count: Int) -> String { "I can see only \(messages(count)) from you before this one." }
    func count(_ count: Int) -> String { "I can see \(messages(count)) from you before this one." }
    private func messages(_ count: Int) -> String { count == 1 ? "1 message" : "\(count) messages" }

    let nothingToSummarize = "There is nothing to summarize yet: this is the first message of our conversation that I can see."

    func summary(_ lines: [String], omitted: Int) -> String {
        let head = "What you have said so far:\n"
        let more = omitted > 0 ? "(\(omitted) earlier \(omitted == 1 ? "message is" : "messages are") left out.)\n" : ""
        return head + more + lines.joined(separator: "\n")
    }

    func sentence(_ fact: Fact) -> String {
        guard fact.language != .english else { return fact.sentence }
        guard let template = Self.templates[fact.key] else { return "your \(fact.key) is \(fact.value)" }
        return "\(template.0)\(fact.value)\(template.1)"
    }

    private static let templates: [String: (String, String)] = [
        "name": ("your name is ", ""), "self": ("you are ", ""), "being": ("you are ", ""), "home": ("you live in ", ""),
        "origin": ("you are from ", ""), "age": ("you are ", " years old"), "job": ("your work is ", ""),
        "i was born": ("you were born ", ""),
        "i like": ("you like ", ""), "i dislike": ("you do not like ", ""), "i have": ("you have ", ""), "i speak": ("you speak ", ""),
        Fact.note: ("“", "”"),
    ]

    func noted(_ sentences: [String]) -> String { "Noted: \(sentences.joined(separator: "; "))." }

    func recalled(_ sentences: [String]) -> String {
        let text = sentences.joined(separator: "; ")
        return text.prefix(1).uppercased() + text.dropFirst() + "."
    }

    func untold(_ label: String) -> String { "You have not told me \(label) in this conversation." }
    func profile(_ sentences: [String]) -> String { "You told me: \(sentences.joined(separator: "; "))." }
    let noProfile = "You have not told me anything about yourself in this conversation."
    func notes(_ sentences: [String]) -> String { "You asked me to remember: \(sentences.joined(separator: "; "))." }
    let noNotes = "You have not asked me to remember anything in this conversation."

    func time(_ moment: Moment) -> String { "It is \(moment.hour.twoDigits):\(moment.minute.twoDigits) UTC." }

    func date(_ moment: Moment, dayOffset: Int) -> String {
        let day = dayOffset == 0 ? "Today is" : dayOffset > 0 ? "Tomorrow is" : "Yesterday was"
        return "\(day) \(Self.weekdays[moment.weekday]), \(moment.day) \(Self.months[moment.month - 1]) \(moment.year) (UTC)."
    }

    func year(_ moment: Moment) -> String { "It is the year \(moment.year)." }

    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
    ]

    func calculation(_ calculation: Arithmetic) -> String {
        switch calculation.outcome {
        case .value(let value): "\(calculation.expression) = \(value.plain)"
        case .dividedByZero: "\(calculation.expression) has no result: nothing can be divided by zero."
        case .tooLarge: "The result of \(calculation.expression) is too large for me."
        case .undefined: "\(calculation.expression) has no real number as its result."
        }
    }

    let textOnly = "I cannot see pictures or hear recordings: I am a small rule-based model that reads only text."
    let toolless = "I cannot use tools or their results: I am only a small rule-based model."
    let blank = "Your message is empty. What would you like to say?"
    func wordless(_ text: String) -> String { "I read only words and numbers, and “\(text)” has none." }

    func acknowledgement(_ text: String, isRequest: Bool, previous: String?) -> String {
        let before = previous.map { " Before that you said: “\($0)”" } ?? ""
        guard isRequest else {
            return "I have read “\(text)”."
                + (before.isEmpty ? " I am only a small rule-based model: say “help” to see what I can do." : before)
        }
        return "I cannot help with “\(text)”: I know only what is said in this conversation, sums, and the time.\(before)"
    }
}
