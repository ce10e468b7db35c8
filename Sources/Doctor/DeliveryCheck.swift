import Concurrency
import HTTPClient
import Sessions

/// Checks how responses get from the responder to clients: chunk by chunk or buffered, and how slow they may be.
struct DeliveryCheck {
    let site: SiteAddress
    let token: ProbeToken
    let engine: TransferEngine
    let brands: [WebServerBrand]

    /// How long to wait, in seconds, unless a longer check is requested.
    private static let shortWait = 3

    /// Checks that each chunk arrives before the next one is sent.
    ///
    /// - Parameter isProblem: true if the responder streams, so that buffering is a problem.
    func streams(isProblem: Bool) async -> Diagnostic {
        let acknowledged = Mutex(0)
        @Sendable func has(_ chunk: String, in response: HTTPResponse) -> Bool {
            response.body.firstRange(of: Array("data: \(chunk)\n".utf8)) != nil
        }
        let last: HTTPResponse
        do {
            last = try await engine.ask(site.url("v1/doctor/\(token.token)/stream"), timeout: Self.streamTimeout) { [token] response in
                acknowledged.withLock { acknowledged in
                    while acknowledged < 2, has(String(acknowledged + 1), in: response), (try? token.acknowledge()) != nil {
                        acknowledged += 1
                    }
                }
            }
        } catch {
            return .problem("streams: an answer in pieces breaks off: \(error)", Fix.streams.lines(brands))
        }
        if has("3", in: last) { return .ok("streams: each piece of an answer comes before the next is made") }
        guard last.status == 200, has("late", in: last) else {
            return .problem("streams: an answer in pieces does not come whole (status \(last.status))", Fix.timeout(600).lines(brands))
        }
        return Diagnostic(
            level: isProblem ? .problem : .warning,
            text: "streams: the web server collects the pieces of an answer"
                + (isProblem ? "" : "; that matters once the setting stream is on"),
            fix: Fix.streams.lines(brands))
    }

    /// Longer than the responder waits for acknowledgements.
    private static let streamTimeout = Duration.seconds(40)

    /// Checks that a slow response arrives.
    ///
    /// - Parameter turnLimit: how long a turn may take, in seconds.
    func timeout(turnLimit: Int, waitsLong: Bool, progress: @Sendable (String) -> Void) async -> Diagnostic {
        let seconds = waitsLong ? min(600, turnLimit + 5) : Self.shortWait
        progress("time limit: waiting for \(seconds) s")
        let start = ContinuousClock.now
        let failure: String
        do {
            let response = try await engine.ask(
                site.url("v1/doctor/\(token.token)/wait/\(seconds)"), timeout: .seconds(seconds) + SiteCheck.timeout)
            if response.status == 200 {
                let hint = waitsLong || turnLimit <= seconds ? "" : "; a turn may take \(turnLimit) s: --timeout-check waits for so long"
                return .ok("time limit: an answer that takes \(seconds) s comes\(hint)")
            }
            failure = "status \(response.status)"
        } catch {
            failure = error.description
        }
        let elapsed = Int(((ContinuousClock.now - start) / .seconds(1)).rounded())
        return .problem(
            "time limit: the web server gives up after \(elapsed) s (\(failure)); a turn may take \(turnLimit) s",
            Fix.timeout(max(600, turnLimit + 5)).lines(brands))
    }
}
