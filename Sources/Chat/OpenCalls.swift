import Text

/// The tool calls that have no result yet. The work is proportional to the number of calls and results.
package struct OpenCalls {
    private let ids: [String]
    private var isOpen: [Bool]
    /// Where the open calls with an id are, as a model may repeat an id.
    private var positions: [TextKey: ArraySlice<Int>] = [:]

    package init(_ calls: [Message.ToolCall] = []) {
        ids = calls.map(\.id)
        isOpen = calls.map { _ in true }
        for (position, id) in ids.enumerated() { positions[TextKey(id), default: []].append(position) }
    }

    /// The ids of the open calls, in order.
    package var remaining: [String] { zip(ids, isOpen).compactMap { id, isOpen in isOpen ? id : nil } }

    /// Closes the first open call with an id; false if there is none.
    package mutating func close(_ id: String) -> Bool {
        guard let position = positions[TextKey(id)]?.popFirst() else { return false }
        isOpen[position] = false
        return true
    }
}
