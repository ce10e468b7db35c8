package import CGI
import Concurrency
import CoreMetrics
import Text

/// Counts requests by route and status, and how long they take.
package struct RequestMetrics: Middleware {
    package static let requests = "nanobot_http_requests_total"
    package static let duration = "nanobot_http_request_duration_seconds"
    package static let firstByte = "nanobot_http_stream_first_byte_seconds"

    package static let starts = "nanobot_responder_starts_total"

    /// Instruments are found by their names only once.
    private let counters = Mutex<[TextKey: Counter]>([:])
    private let timers = Mutex<[TextKey: CoreMetrics.Timer]>([:])

    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        let start = ContinuousClock.now
        defer { count(context.routeName, writer, since: start) }
        try await next(context, writer)
    }

    private func count(_ route: String, _ writer: ResponseWriter, since start: ContinuousClock.Instant) {
        counter(route, status: writer.status.map(String.init) ?? "none").increment()
        timer(Self.duration, route).recordNanoseconds(Self.nanoseconds(.now - start))
        guard writer.isStreamed, let first = writer.firstByte else { return }
        timer(Self.firstByte, route).recordNanoseconds(Self.nanoseconds(first - start))
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 { Int64(min(duration / .nanoseconds(1), 1e18)) }

    /// Counts a request that no middleware sees.
    static func count(unroutedStatus status: Int) {
        Counter(label: requests, dimensions: [("route", "no route"), ("status", String(status))]).increment()
    }

    private func counter(_ route: String, status: String) -> Counter {
        counters.withLock { counters in
            let name = TextKey(status + route)
            if let counter = counters[name] { return counter }
            let counter = Counter(label: Self.requests, dimensions: [("route", route), ("status", status)])
            counters[name] = counter
            return counter
        }
    }

    private func timer(_ label: String, _ route: String) -> CoreMetrics.Timer {
        timers.withLock { timers in
            let name = TextKey(label + route)
            if let timer = timers[name] { return timer }
            let timer = CoreMetrics.Timer(label: label, dimensions: [("route", route)])
            timers[name] = timer
            return timer
        }
    }
}
