import JSON
import Text

/// Tells which tool call of a response an event means, and what it adds to it. Each call gets an index of its own.
struct ResponseCalls {
    private struct Call {
        var id: TextKey?
        var name: TextKey?
        var arguments = ResponseText()
        /// The type of the event that told the call as a whole the last time.
        var source: String?
    }

    private var calls: [Call] = []
    /// The latest call with an id, and with an index.
    private var numbersByID: [TextKey: Int] = [:]
    private var numbersByIndex: [Int: Int] = [:]
    /// The number of calls that the whole response has told.
    private var count = 0

    /// Reads an event that has arguments, of which some are still to say.
    mutating func read(event: JSONValue, isDelta: Bool) -> JSONValue? {
        guard let text = Self.text(event.member("delta") ?? event.member("arguments")) else { return nil }
        let index = event.member("output_index")?.wholeNumber
        var number = index.flatMap { numbersByIndex[$0] }
        // An index that no item had is that of the last one, unless another item follows.
        if number == nil, let last = calls.indices.last, index == nil || calls[last].arguments.agrees(with: "") { number = last }
        let place = number ?? add(index: index)
        let arguments = isDelta ? calls[place].arguments.add(delta: text) : calls[place].arguments.add(whole: text)
        return arguments.map { Self.chunk(place, arguments: $0) }
    }

    /// Reads an item, of which everything may have been said.
    ///
    /// - Parameter type: that of the event; empty for none.
    mutating func read(item: JSONValue, from type: String, index: Int?) -> JSONValue? {
        func key(_ name: String) -> TextKey? {
            item.member(name)?.string.flatMap { $0.isEmpty ? nil : TextKey($0) }
        }
        let (id, name) = (key("call_id") ?? key("id"), key("name"))
        let isNew = type == "response.output_item.added"
        let isEnd = type == "response.output_item.done"
        let arguments = isNew ? nil : Self.text(item.member("arguments"))
        /// True if the item may be a call that was begun.
        func fits(_ number: Int, isSame: Bool) -> Bool {
            guard calls.indices.contains(number) else { return false }
            let call = calls[number]
            guard call.name == nil || call.name == name else { return false }
            if isNew { return call.name == nil || isSame && call.arguments.agrees(with: "") }
            if isSame { return isEnd || call.source != type }
            return call.source != type && call.arguments.agrees(with: arguments ?? "")
        }
        let place = isNew || isEnd ? index.flatMap { numbersByIndex[$0] } ?? -1 : count
        if !isNew, !isEnd { count += 1 }
        let known = id.flatMap { numbersByID[$0] } ?? -1
        let number: Int
        if id != nil, calls.indices.contains(place), calls[place].id == id, fits(place, isSame: true) {
            number = place
        } else if fits(known, isSame: true) {
            number = known
        } else if fits(place, isSame: false) {
            number = place
        } else {
            number = add(index: isNew || isEnd ? index : nil)
        }
        if !isNew { calls[number].source = type }
        let rest = arguments.flatMap { calls[number].arguments.add(whole: $0) }
        let (newID, newName) = (calls[number].id == nil ? id : nil, calls[number].name == nil ? name : nil)
        calls[number].id = calls[number].id ?? id
        calls[number].name = calls[number].name ?? name
        if let id { numbersByID[id] = number }
        guard rest != nil || newID != nil || newName != nil else { return nil }
        return Self.chunk(number, id: newID, name: newName, arguments: rest ?? "")
    }

    private mutating func add(index: Int?) -> Int {
        calls.append(Call())
        if let index { numbersByIndex[index] = calls.count - 1 }
        return calls.count - 1
    }

    /// Arguments as text; nil if there are none.
    private static func text(_ value: JSONValue?) -> JSONValue? {
        guard let value, !value.isNull else { return nil }
        if case .object(let members) = value, members.isEmpty { return nil }
        return value.string != nil || value.cutText != nil ? value : .string(String(decoding: value.serialized, as: UTF8.self))
    }

    /// A call as a chunk of a completion has it.
    private static func chunk(_ index: Int, id: TextKey? = nil, name: TextKey? = nil, arguments: JSONValue) -> JSONValue {
        [
            "index": .integer(index), "id": .optional(id?.text),
            "function": ["name": .optional(name?.text), "arguments": arguments],
        ]
    }
}
