package import Access
package import CGI
import Concurrency
import FoundationEssentials
import Logging
import Text

/// Lets only callers with an API key through, once there are keys.
package struct Authentication: Middleware {
    let keys: KeyStore
    private let isRequired: Bool
    private let hasWarned = Mutex(false)

    /// - Parameter isRequired: true if the API is closed while there are no keys.
    package init(_ keys: KeyStore, isRequired: Bool) { (self.keys, self.isRequired) = (keys, isRequired) }

    package func handle(_ context: RequestContext, _ writer: ResponseWriter, next: Next) async throws {
        // What is at no path, or asked by no method of its path, is the same for everybody.
        guard let endpoint = context.endpoint else { return try await next(context, writer) }
        if case .everybody = endpoint.admission { return try await next(context, writer) }
        let secret = Result { () throws(APIError) in try Self.secret(of: context.request) }
        let ring = keys.ring(for: try? secret.get())
        guard ring != nil || isRequired else {
            warnOnce(context)
            return try await next(context, writer)
        }
        let key = try Self.key(of: try secret.get(), in: ring ?? KeyRing())
        context.record.note(key: key.name)
        keys.noteUse(of: key)
        var context = context
        context.apiKey = key
        if key.kind == .publishable {
            let visitor = try self.visitor(of: context.request, key)
            writer.addHeader("x-visitor", visitor.token)
            context.visitor = visitor.id
        }
        try await next(context, writer)
    }

    /// The caller's key, if it may be used.
    static func key(of request: Request, in keys: KeyStore) throws(APIError) -> APIKey {
        let secret = try secret(of: request)
        return try key(of: secret, in: keys.ring(for: secret) ?? KeyRing())
    }

    private static func key(of secret: String?, in ring: KeyRing) throws(APIError) -> APIKey {
        let now = Date()
        guard let secret else { throw .unauthorized("No API key was sent: Authorization: Bearer KEY") }
        guard let key = ring.key(secret: secret, now: now) else { throw .unauthorized("There is no such API key") }
        guard !key.isBlocked else { throw .unauthorized("This API key is blocked") }
        if let expires = key.expires, expires <= now { throw .unauthorized("This API key expired at \(expires.ISO8601Format())") }
        return key
    }

    private static let headers = ["authorization", "x-api-key", "api-key"]

    /// The one secret in the headers that clients use; nil if there is none.
    private static func secret(of request: Request) throws(APIError) -> String? {
        let headers = request.headers(Self.headers)
        guard Self.headers.allSatisfy({ name in headers.count { $0.name == name } <= 1 }) else { throw .severalKeys }
        // Web servers may be set up to send headers that the client did not.
        let sent = headers.filter { !$0.value.isEmpty }
        let authorization = sent.first { $0.name == "authorization" }?.value ?? request.redirectedAuthorization
        let secrets = ([authorization.flatMap(bearer)] + sent.map { $0.name == "authorization" ? nil : $0.value })
            .compactMap(\.self).filter { !$0.isEmpty }
        guard let first = secrets.first else { return nil }
        // Some web servers join fields of one name (RFC 9110, section 5.3). No key has a space in it.
        guard secrets.allSatisfy({ $0 == first }), !first.includes(", ") else { throw .severalKeys }
        return first
    }

    /// The token of a header with the scheme `Bearer`, in any case (RFC 9110, section 11.1).
    private static func bearer(_ authorization: String) -> String? {
        let scheme = authorization.utf8.prefix(7)
        guard scheme.count == 7, scheme.last == UInt8(ascii: " "), zip(scheme, "bearer".utf8).allSatisfy({ $0 | 0x20 == $1 }) else {
            return nil
        }
        return String(authorization.utf8.dropFirst(7).drop { $0 == UInt8(ascii: " ") })
    }

    /// Warns at the first request from elsewhere, since whoever reaches an open API can read all sessions.
    private func warnOnce(_ context: RequestContext) {
        guard !hasWarned.withLock(\.self), let place = context.request.outerPlace else { return }
        hasWarned.withLock { $0 = true }
        context.logger.warning(
            "The API is open to everybody who reaches it, and a request came from or for \(place). Make an API key: nanobot keys add")
    }
}

extension Request {
    /// The client's address, or the name that it asked, if that is not this machine's own.
    fileprivate var outerPlace: String? {
        func isOwn(_ place: String) -> Bool {
            place == "localhost" || place.hasSuffix(".localhost") || place.hasPrefix("127.") || place.hasPrefix("::ffff:127.")
                || place == "::1" || place.hasPrefix("[::1]")
        }
        let name = hostName.map { host in
            host.hasPrefix("[") ? host : String(host.split(separator: ":", omittingEmptySubsequences: false).first ?? "")
        }
        return [clientAddress, name].compactMap(\.self).first { !$0.isEmpty && !isOwn($0) }
    }
}

extension APIError {
    fileprivate static let severalKeys = APIError(
        status: 400, code: "invalid_value", message: "Several API keys were sent. Send one of them, once.")

    fileprivate static func unauthorized(_ message: String) -> APIError {
        APIError(status: 401, code: "invalid_api_key", message: message, headers: [("WWW-Authenticate", "Bearer")])
    }
}
