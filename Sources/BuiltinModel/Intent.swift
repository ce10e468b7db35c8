import Models

/// What a clause wants.
enum Intent: Sendable, Hashable {
    case greeting, thanks, farewell, yes, no, wellbeing
    case identity, help
    /// An earlier message of the user.
    case asked(Position)
    /// The model's last answer.
    case answered
    case count
    case summary
    case recall(FactQuestion)
    /// All that the user told.
    case profile
    case notes
    case time
    /// A date: 0 for today.
    case date(dayOffset: Int)
    case year

    /// What one says besides; not answered where there is something else to answer.
    var isCourtesy: Bool {
        switch self {
        case .greeting, .thanks, .farewell, .yes, .no: true
        default: false
        }
    }
}

/// Which of the user's earlier messages.
enum Position: Sendable, Hashable {
    case fromStart(Int)
    /// 1 is the last one.
    case fromEnd(Int)

    /// The place that words such as "third", "2nd", "last" or "二" name.
    init?(_ words: [String]) {
        var words = words
        if words.first == "very" { words.removeFirst() }
        if let last = words.last, Self.lasts.contains(last) {
            let before = words.dropLast().filter { $0 != "to" && $0 != "the" }
            if before.isEmpty {
                self = .fromEnd(1)
                return
            }
            guard let number = Self.number(Array(before)) else { return nil }
            self = .fromEnd(number)
            return
        }
        guard let number = Self.number(words) else { return nil }
        self = .fromStart(number)
    }

    /// A whole number of at least one, cardinal or ordinal.
    static func number(_ words: [String]) -> Int? {
        if words.count == 1, let word = words.first {
            if let index = ordinals.firstIndex(of: word) { return index + 1 }
            for ending in ["st", "nd", "rd", "th"] where word.hasSuffix(ending) {
                if let number = Int(word.dropLast(2)), number > 0 { return number }
            }
        }
        guard let number = Numeral.value(of: words).flatMap(Int.init(exactly:)), number > 0 else { return nil }
        return number
    }

    private static let lasts: Set = ["last", "previous", "latest", "prior", "recent"]
    private static let ordinals = [
        "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth",
    ]
}
