/// One thing that is measured: a request, what the programs do for it, and how nginx reaches them.
struct Case: Equatable {
    /// The request and the work that it costs.
    enum Work: String, CaseIterable {
        case health
        case relaxed
        case sync

        /// What the C program does beside it.
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

    /// Sessions that the chat turns go round.
    static let sessions = 64

    var name: String {
        (work == .health ? "GET /health" : "chat turn, \(work.rawValue)") + (isKeptAlive ? ", keep-alive" : "")
    }

    /// The least requests per second that are expected, as a part of the C program's.
    var expectedRatio: Double {
        switch work {
        case .health: isKeptAlive ? 1.0 : 0.85
        case .relaxed: 0.7
        case .sync: 0.8
        }
    }

    /// The thread counts of the C program that make sense here.
    ///
    /// A thread that blocks in `FCGX_Accept_r` is held by a kept connection: with fewer threads than connections some starve, and what
    /// is measured is nginx's timeout.
    func threadCounts(_ wanted: [Int], connections: Int) -> [Int] {
        guard isKeptAlive else { return wanted }
        let enough = wanted.filter { $0 >= connections }
        return enough.isEmpty ? [connections] : enough
    }
}
