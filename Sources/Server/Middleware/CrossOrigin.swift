package import Access
package import CGI
import Text

/// Lets scripts of web pages use the API (CORS: Fetch standard, section 3.3): pages of the origins in the settings, and of the key's own.
///
/// A browser sends no key with the question whether it may send one. So that question, and an error for want of a key, go to the origins of
/// all keys.
package struct CrossOrigin: Middleware {
    /// The headers of responses that scripts may read, beside those that they always may.
    package static let exposedHeaders = [
        "x-request-id", "retry-after", "x-should-retry", "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens",
        "x-ratelimit-remaining-requests", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
        "x-visitor", "idempotency-replayed", "x-history-left-out", "x-outcome", "allow", "content-disposition", "www-authenticate",
    ].joined(separator: ", ")

    /// The headers of requests that scripts may send. Firefox asks for `user-agent`, which OpenAI's client sets, as it does the last three.
    private static let allowedHeaders = [
        "authorization", "content-type", "x-session-key", "x-session-mode", "idempotency-key", "x-message-id", "x-request-id", "x-api-key",
        "api-key", "x-visitor", "user-agent", "openai-organization", "openai-project", "openai-beta",
    ]

    private let keys: KeyStore?

    /// - Parameter keys: nil if nobody has an API key.
    package init(keys: KeyStore?) { self.keys = keys }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        let request = context.request
        guard let origin = request.origin,
            context.options.origins.contains(where: { $0.description == origin })
                || keys.map({ Self.allows(origin, request, $0) }) == true
        else { return try await next(context, writer) }
        // It is one that an operator wrote down, byte for byte.
        writer.addHeader("Access-Control-Allow-Origin", origin)
        writer.addHeader("Access-Control-Expose-Headers", Self.exposedHeaders)
        guard request.method == "OPTIONS", request.header("access-control-request-method") != nil else {
            return try await next(context, writer)
        }
        // At any path: else a script would see no 404, but that the network failed.
        let headers = Self.allowedHeaders + Self.clientHeaders(request)
        try await writer.send(
            Response(
                status: 204,
                headers: [
                    ("Access-Control-Allow-Methods", "GET, HEAD, POST, DELETE"),
                    ("Access-Control-Allow-Headers", headers.joined(separator: ", ")), ("Access-Control-Max-Age", "600"),
                ]))
    }

    private static func allows(_ origin: String, _ request: Request, _ keys: KeyStore) -> Bool {
        guard keys.hasOrigin(origin) else { return false }
        return (try? Authentication.key(of: request, in: keys))?.permits(origin: origin) ?? true
    }

    /// The headers with which OpenAI's clients describe themselves, as far as the browser asks for them.
    private static func clientHeaders(_ request: Request) -> [String] {
        let asked = (request.header("access-control-request-headers") ?? "").utf8.filter { $0 != 0x20 && $0 != 0x09 }
        let names = asked.split(separator: UInt8(ascii: ",")).lazy.map { String(decoding: $0, as: UTF8.self).lowercased() }
        return Array(names.filter { $0.utf8.count <= 64 && $0.hasPrefix("x-stainless-") && $0.utf8.allSatisfy(Self.isInName) }.prefix(32))
    }

    private static func isInName(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-")
    }
}

extension Request {
    /// The origin of the page whose script sent the request; nil if none did, or if more than one is named.
    var origin: String? { isRepeated("origin") ? nil : header("origin") }
}
