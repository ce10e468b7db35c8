/// An operation as the search for an order of operations sees it.
struct Step {
    static let never = Int.max

    let name: String
    let begin: Int
    /// When its effect was certainly there.
    let end: Int
    /// False if it may have had no effect at all.
    var isCertain = true
    /// The contents that it may leave behind. None if its client cannot have seen in this content what it saw.
    let effects: (SessionContent) -> [SessionContent]
}

/// Looks for an order of the operations on a session in which each saw what it would have seen if they had run one after the other, and none
/// comes before one that had ended when it began (Herlihy and Wing: "Linearizability: a correctness condition for concurrent objects", 1990).
///
/// The search is that of Wing and Gong, and remembers what it tried in vain (Lowe: "Testing for linearizability", 2017, section 3).
struct Linearization {
    enum Failure: Error {
        /// There is no such order. The text is how far the search came.
        case impossible(String)
        /// The search was given up.
        case tooLong
    }

    /// How many positions the search looks at.
    private static let bound = 300_000

    private struct Position: Hashable {
        /// The steps so far, a bit each.
        var done: UInt128 = 0
        var content: SessionContent

        func has(_ index: Int) -> Bool { done >> index & 1 == 1 }

        func after(_ index: Int, _ content: SessionContent) -> Position { Position(done: done | 1 << index, content: content) }
    }

    private let steps: [Step]
    private var seen: Set<Position> = []
    private var furthest = Position(content: nil)

    private init(_ steps: [Step]) { self.steps = steps }

    /// Fails if there is no order that begins without a session.
    static func check(_ steps: [Step]) throws(Failure) {
        guard steps.count <= UInt128.bitWidth else { throw .tooLong }
        var search = Linearization(steps.sorted { $0.begin < $1.begin })
        guard try !search.reachesEnd(from: Position(content: nil)) else { return }
        throw .impossible(search.progress)
    }

    private mutating func reachesEnd(from position: Position) throws(Failure) -> Bool {
        guard
            let firstEnd = steps.indices.lazy.filter({ [steps] in steps[$0].isCertain && !position.has($0) }).map({ [steps] in steps[$0].end
            }).min()
        else { return true }
        guard seen.insert(position).inserted else { return false }
        guard seen.count <= Self.bound else { throw .tooLong }
        if position.done.nonzeroBitCount > furthest.done.nonzeroBitCount { furthest = position }

        let next = steps.indices.prefix { steps[$0].begin < firstEnd }.filter { !position.has($0) }.map {
            ($0, steps[$0].effects(position.content))
        }
        // Whatever changes nothing now can as well come now as later.
        if let (index, _) = next.first(where: { steps[$0].isCertain && $1 == [position.content] }) {
            return try reachesEnd(from: position.after(index, position.content))
        }
        for (index, effects) in next {
            for content in effects where try reachesEnd(from: position.after(index, content)) { return true }
        }
        return false
    }

    private var progress: String {
        let content = furthest.content.map { "\($0)" } ?? "no session"
        let lines = steps.indices.map { (furthest.has($0) ? "    " : steps[$0].isCertain ? "  ! " : "  ? ") + steps[$0].name }
        return "after some of the steps there is \(content), and none of the others (!, or ? if it may not have happened) can come next:\n"
            + lines.joined(separator: "\n")
    }
}
