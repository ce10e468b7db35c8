import FoundationEssentials

extension ModelError {
    /// What a server's status other than 200 means.
    init(_ response: HTTPResponse, _ upstream: UpstreamSettings) {
        let problem = UpstreamProblem(body: response.body)
        let said = problem?.message.map { String($0.prefix(1000)) }
        let description = "\(upstream.shownURL) answered \(response.status)\(said.map { ": " + upstream.withoutKey($0) } ?? "")"
        let retryAfter = Backoff.retryAfter(response.header("retry-after"))
        switch response.status {
        case 400, 404, 413, 422:
            self.init(.refused(status: response.status), description, clientMessage: said.map(upstream.withoutKey), param: problem?.param)
        case 401, 403:
            // The operator's matter: what it says may name the key.
            self.init(.failed, "\(upstream.shownURL) answered \(response.status): it does not take upstream.key")
        case 429: self.init(.rateLimited, description, retryAfter: retryAfter, isTransient: true)
        case 502, 503: self.init(.failed, description, retryAfter: retryAfter, isTransient: true)
        case 408, 504: self.init(.timedOut, description)
        default: self.init(.failed, description)
        }
    }

    /// What it means that there was no whole answer.
    init(_ failure: HTTPFailure, _ upstream: UpstreamSettings, _ limits: UpstreamModel.Limits) {
        let description = "\(upstream.shownURL): \(failure.description)"
        switch failure.kind {
        case .noLibrary: self.init(.unavailable, failure.description, clientMessage: failure.description)
        case .unreachable: self.init(.unavailable, description, retryAfter: 1, isTransient: true)
        case .timedOut:
            let message = "Request timed out after \(Int(limits.timeout / .seconds(1)))s"
            self.init(.timedOut, description, clientMessage: message)
        case .broken: self.init(.failed, description)
        case .cancelled: self = .cancelled
        }
    }
}

extension UpstreamSettings {
    /// The URL for logs: without a user and a password.
    var shownURL: String {
        guard let scheme = url.firstRange(of: "://") else { return url }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        guard let at = authority.lastIndex(of: "@") else { return url }
        return String(url[..<scheme.upperBound] + rest[rest.index(after: at)...])
    }

    /// A server's own words, which some have the key in.
    func withoutKey(_ text: String) -> String {
        guard let key, !key.isEmpty else { return text }
        return text.replacing(key, with: "…")
    }
}
