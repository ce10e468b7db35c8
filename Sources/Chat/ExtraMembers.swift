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
        for (name, value) in members where !Self.saysNothing(value) && !known.contains(where: { $0 == name }) {
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
                // These name a thing, and are repeated rather than continued.
                if ["id", "type", "format", "index"].contains(where: { $0 == name }) {
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
                if let index = element.member("index")?.wholeNumber,
                    // A stream goes on with one of the last.
                    let place = elements.indices.suffix(64).last(where: { elements[$0].member("index")?.wholeNumber == index })
                {
                    merge(element, into: &elements[place])
                } else {
                    elements.append(element)
                }
            }
            value = .array(elements)
        } else if case .object(var members) = value, case .object(let more) = addition {
            value = .null
            merge(more, into: &members)
            value = .object(members)
        } else if !addition.isNull {
            value = addition
        }
    }

    private static func saysNothing(_ value: JSONValue) -> Bool {
        switch value {
        case .null, .string(""), .array([]): true
        case .object(let members): members.isEmpty
        default: false
        }
    }

    package static func == (left: ExtraMembers, right: ExtraMembers) -> Bool { JSONValue.object(left.members) == .object(right.members) }

    package func hash(into hasher: inout Hasher) { hasher.combine(JSONValue.object(members).serialized) }
}
