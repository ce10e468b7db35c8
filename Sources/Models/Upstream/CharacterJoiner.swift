import JSON
import Text

/// Puts characters together that a stream cuts: `"world \ud83d"` in one chunk, and `"\ude00 bye"` as the same member of the next.
struct CharacterJoiner {
    /// A step from a value to one inside it.
    private enum Step {
        case member(String)
        /// The element of an array with this `index`.
        case element(Int)
    }

    /// The half of a character at the end of a member, and where that is.
    private var halves: [Int: (lead: UInt16, path: [Step])] = [:]

    /// More than the members that a stream continues at once.
    private static let mostHalves = 64

    /// A chunk without halves of characters. One at the end of a string waits for the next chunk.
    mutating func join(_ chunk: JSONValue) -> JSONValue {
        var path: [Step] = []
        return join(chunk, &path, key: 0, isContinued: true)
    }

    /// Chunks with U+FFFD for the halves whose other ones did not come.
    mutating func end() -> [JSONValue] {
        defer { halves = [:] }
        return halves.values.map { half in
            half.path.reversed().reduce(.string("\u{fffd}")) { value, step in
                switch step {
                case .member(let name): return .object([(name, value)])
                case .element(let index):
                    guard case .object(let members) = value else { return .array([value]) }
                    return .array([.object([("index", .integer(index))] + members)])
                }
            }
        }
    }

    /// - Parameters:
    ///   - key: a hash of the path.
    ///   - isContinued: false within an element without an index, which no other chunk continues.
    private mutating func join(_ value: JSONValue, _ path: inout [Step], key: Int, isContinued: Bool) -> JSONValue {
        switch value {
        case .object(let members):
            var joined: [(String, JSONValue)] = []
            joined.reserveCapacity(members.count)
            for (name, value) in members {
                path.append(.member(name))
                joined.append((name, join(value, &path, key: Self.hash(key, TextKey(name)), isContinued: isContinued)))
                path.removeLast()
            }
            return .object(joined)
        case .array(let elements):
            return .array(
                elements.map { element in
                    let index = element.member("index")?.wholeNumber
                    path.append(.element(index ?? 0))
                    defer { path.removeLast() }
                    return join(element, &path, key: Self.hash(key, index), isContinued: isContinued && index != nil)
                })
        default: return text(value, path, key, isContinued).map(JSONValue.string) ?? value
        }
    }

    /// The text of a string; nil if this is none.
    private mutating func text(_ value: JSONValue, _ path: [Step], _ key: Int, _ isContinued: Bool) -> String? {
        guard var cut = value.cutText ?? value.string.map(CutText.init) else { return nil }
        guard isContinued, !(halves.isEmpty && cut.lead == nil) else { return cut.whole }
        // An empty text between the two halves says nothing.
        if let half = halves[key], cut != CutText("") {
            halves[key] = nil
            let scalar = cut.trail.flatMap { CutText.scalar(half.lead, $0) }
            if scalar != nil { cut.trail = nil }
            cut.inside = String(Character(scalar ?? "\u{fffd}")) + cut.inside
        }
        if let lead = cut.lead, halves.count < Self.mostHalves {
            halves[key] = (lead, path)
            cut.lead = nil
        }
        return cut.whole
    }

    private static func hash(_ key: Int, _ step: some Hashable) -> Int {
        var hasher = Hasher()
        hasher.combine(key)
        hasher.combine(step)
        return hasher.finalize()
    }
}
