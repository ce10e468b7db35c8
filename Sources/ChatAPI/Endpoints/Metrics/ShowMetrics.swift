import Access
import CGI
import Logging
import Models
import Prometheus
import Server
import Sessions
import SystemPackage

/// `GET /metrics`: what all processes of the data directory have counted, for Prometheus. Those of a second ago may be missing.
struct ShowMetrics: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/metrics"
    let admission = Admission.permitted(.admin)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard let metrics = service.metrics else { throw APIError.notFound }
        let text: String
        do throws(Errno) {
            metrics.flush()
            text = Self.exposition.text(try metrics.file.samples(), gauges: gauges)
        } catch {
            context.logger.error("The metrics cannot be read: \(error)")
            throw APIError(
                status: 503, code: "storage_unavailable", message: "The metrics cannot be read now", headers: [("Retry-After", "1")])
        }
        let headers = [("Content-Type", Exposition.contentType)]
        try await writer.send(Response(status: 200, headers: headers, body: Array(text.utf8)))
    }

    private var gauges: [(name: String, value: Int)] {
        (try? service.sessions.freeByteCount()).map { [(Self.freeBytes, $0)] } ?? []
    }

    private static let freeBytes = "nanobot_storage_free_bytes"

    private static let exposition = Exposition([
        MetricDescription(RequestMetrics.requests, .counter, "Requests by route and status; the status is none if the client left before."),
        MetricDescription(RequestMetrics.duration, .histogram, "Time from the request's head to the end of its response."),
        MetricDescription(RequestMetrics.firstByte, .histogram, "Time to the first byte of responses that are streamed."),
        MetricDescription(TurnMetrics.turns, .counter, "Turns for which a model was asked, by the status of their answer."),
        MetricDescription(TurnMetrics.tokens, .counter, "Tokens of these turns."),
        MetricDescription(UpstreamModel.attempts, .counter, "Requests to upstreams by their result, retries among them."),
        MetricDescription(RequestMetrics.starts, .counter, "Responders that were started. Over CGI there are none."),
        MetricDescription(freeBytes, .gauge, "Bytes that may still be written to the data directory's file system."),
    ])
}
