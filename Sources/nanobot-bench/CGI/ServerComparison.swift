/// FastCGI under several web servers, in turn, round by round.
struct ServerComparison {
    private static let works: [Case.Work] = [.health, .sync]
    private var rates: [String: [Double]] = [:]
    private var failures: [String: Int] = [:]

    var errors: Int { failures.values.reduce(0, +) }

    static func run(_ site: HostedSite, load: LoadGenerator, rounds: Int) throws -> ServerComparison {
        var comparison = ServerComparison()
        for round in 1...rounds {
            for work in works {
                for server in HostedSite.Server.fastCGI {
                    let outcome = try site.measure(server, work, load)
                    let rate = Double(outcome.requests) / outcome.seconds
                    comparison.failures[key(work, server), default: 0] +=
                        outcome.badAnswers + outcome.failures + (outcome.requests == 0 ? 1 : 0)
                    comparison.rates[key(work, server), default: []].append(rate)
                    Progress.say("round \(round)/\(rounds), FastCGI, \(work.rawValue), \(server.rawValue): \(rate.grouped) requests/s")
                }
            }
        }
        return comparison
    }

    /// Requests per second, and as parts of nginx's.
    var table: String {
        Report.table(
            ["FastCGI", "web server", "requests/s", "÷ nginx's by round", "median", "errors"],
            Self.works.flatMap { work in
                let reference = rates[Self.key(work, .nginx)] ?? []
                return HostedSite.Server.fastCGI.map { server in
                    let own = rates[Self.key(work, server)] ?? []
                    let ratios = zip(own, reference).map(/)
                    return [
                        work == .health ? "GET /health" : "chat turn, sync", server.rawValue, own.median.grouped,
                        ratios.map { $0.rounded(to: 2) }.joined(separator: " "), ratios.median.rounded(to: 2),
                        String(failures[Self.key(work, server)] ?? 0),
                    ]
                }
            })
            + "\nnginx and lighttpd connect to one responder; mod_fcgid starts a process for each connection.\n"
    }

    private static func key(_ work: Case.Work, _ server: HostedSite.Server) -> String { "\(work.rawValue) \(server.rawValue)" }
}
