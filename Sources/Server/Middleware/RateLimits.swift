package import Access
package import CGI
import Logging

/// Counts requests against the limits of their API keys, and says in every response what is left.
package struct RateLimits: Middleware {
    private let store: LimitStore

    package init(_ store: LimitStore) { self.store = store }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        guard let key = context.apiKey, !key.limits.isEmpty, let endpoint = context.endpoint else {
            return try await next(context, writer)
        }
        let kind: Meter.Kind =
            if endpoint.isUncounted { .question } else if case .permitted(.chat) = endpoint.admission { .chat } else { .request }
        let meter =
            context.visitor.map {
                Meter(kind, of: key, visitor: $0, address: context.request.clientAddress ?? "", in: store)
            } ?? Meter(kind, of: key, in: store)
        defer { meter.end() }
        for (name, value) in meter.headers { writer.addHeader(name, value) }
        if let refusal = meter.refusal { throw meter.error(refusal) }
        var context = context
        context.meter = meter
        try await next(context, writer)
    }
}

extension Meter {
    /// What a client is told that went beyond a limit.
    package func error(_ refusal: LimitError) -> APIError {
        switch refusal {
        case .requests: tooMany("This API key makes too many requests. Try again later.", retryAfter: retryAfter)
        case .tokens: tooMany("This API key uses too many tokens. Try again later.", retryAfter: retryAfter)
        case .parallel: tooMany("This API key has too many chats at once. Try again later.", retryAfter: 1)
        case .dayTokens: spent("This API key has used its tokens of today (UTC)")
        case .budget: spent("This API key has used its budget of this month (UTC)")
        case .unavailable:
            APIError(
                status: 503, code: "storage_unavailable", message: "What this API key has used is not known now. Try again later.",
                headers: [("Retry-After", "1")])
        }
    }

    private func tooMany(_ message: String, retryAfter: Int) -> APIError {
        APIError(
            status: 429, code: "rate_limit_exceeded", message: message, headers: [("Retry-After", "\(retryAfter)")])
    }

    /// Clients that obey the header do not try again.
    private func spent(_ message: String) -> APIError {
        APIError(status: 429, code: "insufficient_quota", message: message, headers: [("x-should-retry", "false")])
    }
}
