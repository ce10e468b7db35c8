import Models

/// Something that the user told about the user's world.
struct Fact: Sendable, Hashable {
    /// The same for both languages: "name", "favorite color", "door code".
    let key: String
    let value: String
    /// The fact as said to the user, in the language in which it was told: "your name is Alice".
    let sentence: String
    let language: Language

    /// Keys of which a user has several values; for all others the newest statement wins.
    var isOneOfMany: Bool { key == Self.note || key.hasPrefix(Self.verbPrefix) }

    static let note = "note"
    static let verbPrefix = "i "

    /// The key of what the user does with many things: one for all verbs of liking.
    static func verbKey(_ verb: String) -> String {
        switch verb {
        case "love", "enjoy", "prefer": verbPrefix + "like"
        case "hate": verbPrefix + "dislike"
        default: verbPrefix + verb
        }
    }
}

/// A question about something that the user may have told.
struct FactQuestion: Sendable, Hashable {
    /// Keys that answer it, the best first: "I am Carol" tells a name less surely than "my name is Carol".
    let keys: [String]
    /// What is asked, as said to the user: "your name", "where you live".
    let label: String

    init(_ key: String, label: String) {
        keys = Self.alternatives[key] ?? [key]
        self.label = label
    }

    /// A question about a thing, which may have been told by its name.
    init(about words: [String], label: String) {
        let key = FactKey.key(for: words)
        keys = Self.alternatives[key] ?? [key, key + " name"]
        self.label = label
    }

    private static let alternatives: [String: [String]] = [
        "name": ["name", "self"], "who": ["name", "self", "being", "job"], "job": ["job", "being"], "home": ["home", "origin"],
        "origin": ["origin", "i was born", "self"],
    ]
}
