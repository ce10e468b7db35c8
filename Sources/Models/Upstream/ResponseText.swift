import JSON
import Text

/// One kind of text of a response. Servers tell it in deltas, and again from its beginning with each of the events that end something.
struct ResponseText {
    /// What was said, without the empty lines between paragraphs.
    private var said: [UInt8] = []
    /// The half of a character at the end of the latest delta.
    private var lead: UInt16?
    /// Where the latest message or paragraph begins.
    private var start = 0
    /// How far the events of each type have told it again.
    private var told: [TextKey: Int] = [:]

    /// The next text begins a message or a paragraph.
    mutating func begin() { (start, lead) = (said.count, nil) }

    /// Adds a delta, and returns what to say.
    mutating func add(delta value: JSONValue) -> JSONValue {
        let isNext = start > 0 && start == said.count && lead == nil
        if let text = value.string {
            said += text.utf8
            lead = nil
        } else if let cut = value.cutText {
            if let lead, let trail = cut.trail, let scalar = CutText.scalar(lead, trail) { said += String(Character(scalar)).utf8 }
            said += cut.inside.utf8
            lead = cut.lead
        }
        return isNext ? value.asParagraph : value
    }

    /// Takes a text that an event of a type tells as a whole, and returns what of it is still to say; nil for nothing.
    ///
    /// - Parameter isNext: whether it begins a message or a paragraph; nil if only `begin` says so.
    mutating func add(whole value: JSONValue, from type: String, isNext: Bool?) -> JSONValue? {
        let count = value.utf8.count
        let type = TextKey(type)
        let place = told[type] ?? 0
        // What ends an item or a part may come twice, and those before may have been told otherwise or not at all.
        let isEnd = type.text.hasSuffix(".done")
        if isEnd, said[start...].elementsEqual(value.utf8) {
            told[type] = said.count
            return nil
        }
        for place in isEnd ? [place, start] : [place] where value.utf8.starts(with: said[place...].prefix(count)) {
            told[type] = place + count
            let begins = place == said.count && place > 0 && isNext ?? (start == place)
            return add(whole: value, at: place).map { begins ? $0.asParagraph : $0 }
        }
        return nil
    }

    /// Adds what is still to say of a text that begins at a place; nil if that is nothing, or if something else was said there.
    mutating func add(whole value: JSONValue, at place: Int = 0) -> JSONValue? {
        let bytes = value.utf8
        let known = said.count - place
        guard bytes.count > known, bytes.starts(with: said[place...]) else { return nil }
        said += bytes[known...]
        return known == 0 ? value : .string(String(decoding: bytes[known...], as: UTF8.self))
    }

    /// True if a text goes on with what was said, or is the beginning of that.
    func agrees(with value: JSONValue) -> Bool { value.utf8.starts(with: said) }
}

extension JSONValue {
    /// The text of a string.
    fileprivate var utf8: [UInt8] { Array((withoutCutText.string ?? "").utf8) }

    /// A text behind an empty line.
    fileprivate var asParagraph: JSONValue {
        if case .text(let text) = self { return .text(Array(#""\n\n"#.utf8) + text.dropFirst()) }
        return .string("\n\n" + (string ?? ""))
    }
}
