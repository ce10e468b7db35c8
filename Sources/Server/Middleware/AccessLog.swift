package import CGI
import Crypto
import Logging

/// Writes one line per request: its route, status, duration, and what the endpoint notes about it. The logger adds the request's id.
package struct AccessLog: Middleware {
    /// How the log names a session.
    package enum SessionNames: String, Sendable, CaseIterable {
        /// By its key.
        case full
        /// By the first 12 digits of the key's SHA-256.
        case hash
        case none
    }

    private let sessionNames: SessionNames

    package init(sessionNames: SessionNames) { self.sessionNames = sessionNames }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        let start = ContinuousClock.now
        do {
            try await next(context, writer)
        } catch {
            write(context, writer, since: start)
            throw error
        }
        write(context, writer, since: start)
    }

    private func write(_ context: RequestContext, _ writer: ResponseWriter, since start: ContinuousClock.Instant) {
        guard context.logger.logLevel <= .info else { return }
        var metadata = Logger.Metadata(minimumCapacity: 7)
        metadata["status"] = .string(writer.status.map(String.init) ?? "none")
        metadata["ms"] = .string(Self.milliseconds(.now - start))
        if let first = writer.firstByte { metadata["ttfb_ms"] = .string(Self.milliseconds(first - start)) }
        let fields = context.record.fields
        if let model = fields.model { metadata["model"] = .string(model) }
        if let tokens = fields.tokens { metadata["tokens"] = .string(String(tokens)) }
        if let key = fields.key { metadata["key"] = .string(key) }
        if let session = fields.session.flatMap(name) { metadata["session"] = .string(session) }
        context.logger.info("\(context.routeName)", metadata: metadata)
    }

    private func name(_ session: String) -> String? {
        switch sessionNames {
        case .full: session
        case .hash: String(SHA256.hexadecimal(of: session.utf8).prefix(12))
        case .none: nil
        }
    }

    private static func milliseconds(_ duration: Duration) -> String { String(Int(duration / .milliseconds(1))) }
}
