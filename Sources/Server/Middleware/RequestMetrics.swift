package import CGI
import CoreMetrics

/// Counts requests by route and status, and how long they take.
package struct RequestMetrics: Middleware {
    package static let requests = "nanobot_http_requests_total"
    package static let duration = "nanobot_http_request_duration_seconds"
    package static let firstByte = "nanobot_http_stream_first_byte_seconds"

    package static let starts = "nanobot_responder_starts_total"

    /// What counts the requests of one route that end with one status.
    private struct Instruments: Sendable {
        let requests: Counter
        let duration: CoreMetrics.Timer
        let firstByte: CoreMetrics.Timer
    }

    private let cache = InstrumentCache<Instruments>()

    package init() {}

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        let start = ContinuousClock.now
        defer { count(context.routeName, writer, since: start) }
        try await next(context, writer)
    }

    private func count(_ route: String, _ writer: ResponseWriter, since start: ContinuousClock.Instant) {
        let instruments = instruments(route, status: writer.status)
        instruments.requests.increment()
        instruments.duration.recordNanoseconds(Self.nanoseconds(.now - start))
        guard writer.isStreamed, let first = writer.firstByte else { return }
        instruments.firstByte.recordNanoseconds(Self.nanoseconds(first - start))
    }

    private func instruments(_ route: String, status: Int?) -> Instruments {
        cache.instruments(route, status: status ?? 0) {
            let labels = [("route", route)]
            return Instruments(
                requests: Counter(label: Self.requests, dimensions: labels + [("status", status.map(String.init) ?? "none")]),
                duration: CoreMetrics.Timer(label: Self.duration, dimensions: labels),
                firstByte: CoreMetrics.Timer(label: Self.firstByte, dimensions: labels))
        }
    }

    private static func nanoseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return min(seconds, 1 << 32) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Counts a request that no middleware sees.
    static func count(unroutedStatus status: Int) {
        Counter(label: requests, dimensions: [("route", "no route"), ("status", String(status))]).increment()
    }
}
