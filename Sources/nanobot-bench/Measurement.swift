/// One measurement of one program under one case's load.
struct Measurement {
    var requests: Int
    var requestsPerSecond: Double
    /// Milliseconds.
    var p50: Double
    /// Milliseconds.
    var p99: Double
    /// CPU seconds of the responder for 1,000 requests.
    var cpuPerThousand: Double
    /// Megabytes after the start and after the load.
    var memory: (idle: Double, loaded: Double)
    var errors: Int
}

/// All measurements of one case.
struct CaseResults {
    let testCase: Case
    let threads: [Int]
    /// By program, one per round.
    var measurements: [Programs.Program: [Measurement]] = [:]

    init(_ testCase: Case, threads: [Int]) { (self.testCase, self.threads) = (testCase, threads) }

    /// In the order in which they are measured.
    var programs: [Programs.Program] { [.nanobot] + threads.map { .reference(threads: $0) } }

    var errors: Int { measurements.values.joined().reduce(0) { $0 + $1.errors } }

    /// The median over the rounds.
    func median(_ program: Programs.Program, _ figure: (Measurement) -> Double) -> Double {
        (measurements[program] ?? []).map(figure).median
    }

    /// The C program's best thread count: the one with the most requests per second.
    var bestReference: Programs.Program {
        let references = programs.dropFirst()
        return references.max { median($0, \.requestsPerSecond) < median($1, \.requestsPerSecond) } ?? .nanobot
    }

    /// nanobot's requests per second as a part of the C program's best, round by round.
    var ratios: [Double] {
        zip(measurements[.nanobot] ?? [], measurements[bestReference] ?? []).map { $0.requestsPerSecond / $1.requestsPerSecond }
    }
}

extension [Double] {
    /// The middle value, or the mean of the two in the middle; 0 if empty.
    var median: Double {
        guard !isEmpty else { return 0 }
        let sorted = sorted()
        return (sorted[(count - 1) / 2] + sorted[count / 2]) / 2
    }

    /// The nearest-rank percentile; 0 if empty.
    func percentile(_ percent: Int) -> Double {
        isEmpty ? 0 : sorted()[Swift.min(count - 1, count * percent / 100)]
    }
}
