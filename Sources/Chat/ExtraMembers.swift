package import JSON
import Text

/// Members of an object that this program does not know, as somebody else wrote them: `reasoning_content` of a message, `extra_content` of a
/// tool call, `prompt_tokens_details` of a usage. Those that say nothing (null, an empty string, array or object) are not kept.
package struct ExtraMembers: Sendable, Hashable {
    package private(set) var members: [(String, JSONValue)] = []

    /// More than a useful object has. It bounds the work of putting one together from chunks.
    private static let mostMembers = 256

    package init() {}

    /// The members of an object that are none of `known`.
    package init(of value: JSONValue, besides known: [String]) {
        guard case .object(let members) = value else { return }
        for (name, value) in members where Self.isWanted(name, value) && !known.contains(where: { $0 == name }) {
            guard self.members.count < Self.mostMembers else { return }
            self.members.append((name, value))
        }
    }

    package var isEmpty: Bool { members.isEmpty }

    /// A member's value; nil if there is none. Setting it to nil removes a member.
    package subscript(_ name: String) -> JSONValue? {
        get { members.first { $0.0 == name }?.1 }
        set {
            guard let place = members.firstIndex(where: { $0.0 == name }) else { return }
            if let newValue { members[place].1 = newValue } else { members.remove(at: place) }
        }
    }

    /// Adds the extras of a further chunk, as OpenAI's clients do: strings and arrays are continued, objects are merged, and elements of arrays
    /// too if they have the same `index`.
    package mutating func append(_ addition: ExtraMembers) { Self.merge(addition.members, into: &members) }

    private static func merge(_ additions: [(String, JSONValue)], into members: inout [(String, JSONValue)]) {
        for (name, value) in additions {
            if let place = members.firstIndex(where: { $0.0 == name }) {
                // These name a thing, and are repeated rather than continued; a name may be either.
                let isRepeated =
                    if name == "name", let new = value.string, let old = members[place].1.string { new == old } else { false }
                if isRepeated || ["id", "type", "format", "index"].contains(where: { $0 == name }) {
                    members[place].1 = value
                } else {
                    merge(value, into: &members[place].1)
                }
            } else if members.count < mostMembers {
                members.append((name, value))
            }
        }
    }

    private static func merge(_ addition: JSONValue, into value: inout JSONValue) {
        // The old value is taken out first, so that it is continued in place.
        if case .string(var text) = value, case .string(let more) = addition {
            value = .null
            text += more
            value = .string(text)
        } else if case .array(var elements) = value, case .array(let more) = addition {
            value = .null
            for element in more {
                if let index = index(of: element),
                    // A stream goes on with one of the last.
                    let place = elements.indices.suffix(64).last(where: { Self.index(of: elements[$0]) == index })
                {
                    merge(element, into: &elements[place])
                } else {
                    elements.append(element)
                }
            }
            value = .array(elements)
        } else if case .object(var members) = value, case .object(let more) = addition, max(members.count, more.count) <= mostMembers {
            value = .null
            merge(more, into: &members)
            value = .object(members)
        } else if !addition.isNull {
            value = addition
        }
    }

    private static func index(of element: JSONValue) -> Int? {
        guard case .object(let members) = element, members.count <= mostMembers else { return nil }
        return element.member("index")?.wholeNumber
    }

    /// True for what says something, and has the type that clients expect if OpenAI's API has the member.
    private static func isWanted(_ name: String, _ value: JSONValue) -> Bool {
        switch value {
        case .null, .string(""), .array([]): return false
        case .object(let members): return !members.isEmpty && name != "annotations"
        case .array: return !objects.contains { $0 == name }
        default: return name != "annotations" && !objects.contains { $0 == name }
        }
    }

    private static let objects = ["audio", "function_call", "prompt_tokens_details", "completion_tokens_details"]

    package static func == (left: ExtraMembers, right: ExtraMembers) -> Bool { JSONValue.object(left.members) == .object(right.members) }

    package func hash(into hasher: inout Hasher) { hasher.combine(JSONValue.object(members).serialized) }
}
