/// One request at a time over CGI under lighttpd: each program in turn, round by round.
struct ProcessComparison {
    private struct Series {
        var p50: [Double] = []
        var p99: [Double] = []
    }

    private static let works: [Case.Work] = [.health, .sync]
    private var series: [String: Series] = [:]
    private(set) var errors = 0

    static func run(_ site: HostedSite, load: LoadGenerator, rounds: Int) throws -> ProcessComparison {
        var comparison = ProcessComparison()
        let server = try site.start(.lighttpdCGI)
        for round in 1...rounds {
            for work in works {
                for program in HostedSite.CGIProgram.allCases {
                    let outcome = try load.run(work, port: site.port, prefix: "/\(program.file)")
                    comparison.errors += outcome.badAnswers + outcome.failures + (outcome.requests == 0 ? 1 : 0)
                    comparison.series[key(work, program), default: Series()].p50.append(outcome.p50)
                    comparison.series[key(work, program), default: Series()].p99.append(outcome.p99)
                    Progress.say("round \(round)/\(rounds), CGI, \(work.rawValue), \(program.rawValue): \(outcome.p50.rounded(to: 2)) ms")
                }
            }
        }
        server.stop()
        return comparison
    }

    /// Milliseconds of a request, and the medians as multiples of the C program's.
    var table: String {
        Report.table(
            ["CGI under lighttpd", "program", "p50 (ms)", "p99 (ms)", "p50 ÷ C's by round", "median", "expected"],
            Self.works.flatMap { work in
                let reference = series[Self.key(work, .c)]?.p50 ?? []
                return HostedSite.CGIProgram.allCases.map { program in
                    let own = series[Self.key(work, program)] ?? Series()
                    let ratios = zip(own.p50, reference).map(/)
                    return [
                        work == .health ? "GET /health" : "chat turn", program.rawValue, own.p50.median.rounded(to: 2),
                        own.p99.median.rounded(to: 2), ratios.map { $0.rounded(to: 2) }.joined(separator: " "),
                        ratios.median.rounded(to: 2), work == .health && program == .nanobot ? "≤ 2.50" : "",
                    ]
                }
            }) + "\nA turn's answer is on the disk; C and Python append 200 bytes and call fdatasync. Errors: \(errors).\n"
    }

    private static func key(_ work: Case.Work, _ program: HostedSite.CGIProgram) -> String { "\(work.rawValue) \(program.rawValue)" }
}
