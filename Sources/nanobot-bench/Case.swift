/// A measured case: a request, the work that the programs do for it, and how nginx reaches them.
struct Case: Equatable {
    /// The request and the work that it costs.
    enum Work: String, CaseIterable {
        case health
        case relaxed
        case sync

        /// The C program's mode for the comparison.
        var referenceMode: String {
            switch self {
            case .health: "fixed"
            case .relaxed: "append"
            case .sync: "sync"
            }
        }
    }

    var work: Work
    /// Whether nginx keeps its FastCGI connections.
    var isKeptAlive: Bool

    static let all = [false, true].flatMap { kept in Work.allCases.map { Case(work: $0, isKeptAlive: kept) } }

    /// The number of sessions that the chat turns rotate through.
    static let sessions = 64

    var name: String {
        (work == .health ? "GET /health" : "chat turn, \(work.rawValue)") + (isKeptAlive ? ", keep-alive" : "")
    }

    /// The expected minimum of nanobot's requests per second, as a fraction of the C program's.
    var expectedRatio: Double {
        switch work {
        case .health: isKeptAlive ? 1.0 : 0.85
        case .relaxed: 0.7
        case .sync: 0.8
        }
    }

    /// The thread counts that the C program is measured with.
    ///
    /// A kept connection holds a thread in `FCGX_Accept_r`. With fewer threads than connections some starve, and the measurement shows
    /// nginx's timeout.
    func threadCounts(_ wanted: [Int], connections: Int) -> [Int] {
        guard isKeptAlive else { return wanted }
        let enough = wanted.filter { $0 >= connections }
        return enough.isEmpty ? [connections] : enough
    }
}
