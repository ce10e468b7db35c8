import FoundationEssentials

/// The tables, in Markdown.
enum Report {
    static func start(_ measurements: [(program: Programs.Program, StartMeasurement)]) -> String {
        table(
            ["without web server", "start to first /health, median (ms)", "slowest (ms)", "expected", "idle memory (MB)", "expected"],
            measurements.map { program, figures in
                let isOurs = program == .nanobot
                return [
                    program.name, figures.times.median.rounded(to: 1), (figures.times.max() ?? 0).rounded(to: 1), isOurs ? "< 50" : "",
                    figures.memory.median.rounded(to: 1), isOurs ? "< 20" : "",
                ]
            })
    }

    /// Compares nanobot with the C program at its best thread count.
    static func ratios(_ results: [CaseResults]) -> String {
        table(
            ["case", "nanobot (requests/s)", "C (requests/s)", "C's best", "nanobot ÷ C by round", "median", "expected", "errors"],
            results.map { result in
                [
                    result.testCase.name, result.median(.nanobot, \.requestsPerSecond).grouped,
                    result.median(result.bestReference, \.requestsPerSecond).grouped, result.bestReference.name,
                    result.ratios.map { $0.rounded(to: 2) }.joined(separator: " "), result.ratios.median.rounded(to: 2),
                    "≥ \(result.testCase.expectedRatio.rounded(to: 2))", result.errors == 0 ? "none" : "**\(result.errors)**",
                ]
            })
    }

    /// The figures of each program: medians over the rounds.
    static func figures(_ results: [CaseResults]) -> String {
        table(
            [
                "case", "program", "requests/s", "p50 (ms)", "p99 (ms)", "CPU s per 1,000 requests", "memory idle (MB)", "after load (MB)",
                "errors",
            ],
            results.flatMap { result in
                result.programs.map { program in
                    let errors = (result.measurements[program] ?? []).reduce(0) { $0 + $1.errors }
                    return [
                        result.testCase.name, program.name, result.median(program, \.requestsPerSecond).grouped,
                        result.median(program, \.p50).rounded(to: 2), result.median(program, \.p99).rounded(to: 2),
                        result.median(program, \.cpuPerThousand).rounded(to: 3), result.median(program, \.memory.idle).rounded(to: 1),
                        result.median(program, \.memory.loaded).rounded(to: 1), errors == 0 ? "none" : "**\(errors)**",
                    ]
                }
            })
    }

    /// Notes below the tables. A turn costs more in a longer session, and a faster program makes its sessions longer.
    static func notes(_ results: [CaseResults], rounds: Int, seconds: Int, connections: Int) -> String {
        let turns = results.filter { $0.testCase.work != .health }.map { result in
            let perSession = result.median(.nanobot) { Double($0.requests) / Double(Case.sessions) }
            return "\(perSession.grouped) (\(result.testCase.name))"
        }
        let list = turns.joined(separator: ", ")
        let history = turns.isEmpty ? "" : " Turns in each of the \(Case.sessions) new sessions at the end: \(list)."
        return """
            Medians of \(rounds) × \(seconds) s, \(connections) connections, one nginx worker, programs in turn.\(history) \
            The C program gets the same requests and answers a fixed 15 bytes; where it stores, 200 bytes in one file.
            """
    }

    static func table(_ header: [String], _ rows: [[String]]) -> String {
        ([header, header.map { _ in "---" }] + rows).map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n") + "\n"
    }
}

extension Double {
    /// A decimal number with `digits` digits after the point.
    func rounded(to digits: Int) -> String {
        guard isFinite else { return "–" }
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = Int((self * scale).rounded())
        let fraction = String(abs(scaled) % Int(scale))
        let sign = scaled < 0 ? "-" : ""
        return "\(sign)\(abs(scaled) / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }

    /// A whole number with commas between thousands.
    var grouped: String {
        let digits = Array(String(Int(rounded())))
        return digits.enumerated().map { index, digit in
            index > 0 && (digits.count - index) % 3 == 0 ? ",\(digit)" : String(digit)
        }.joined()
    }
}
