import HTTPClient
import Text

/// The reason why one attempt failed, and what may follow.
struct AttemptError: Error {
    var error: ModelError
    /// True if the same upstream may be asked again.
    var isRetryable = false
    /// True if the response broke off or took too long. The answer in it may still be complete.
    var isBreak = false
    /// True if the upstream refuses what a request can do without.
    var refusesOptions = false
}

extension Upstream {
    /// The error for a response with a status other than 200.
    func error(status: Int, retryAfter: Int?, body: [UInt8]) -> AttemptError {
        var error = error(status: status, retryAfter: retryAfter, errorBody: UpstreamErrorBody(body))
        let text = String(decoding: body, as: UTF8.self)
        // OpenAI: "Encrypted content is not supported with this model", or "The encrypted content … could not be verified".
        let names = settings.api == .chat ? ["stream_options", "include_usage"] : ["\"include\"", "ncrypted"]
        let isNamed = names.contains { text.includes($0) }
        error.refusesOptions = (status == 400 || status == 422) && isNamed
        return error
    }

    /// The error for a response that is not an answer.
    func error(_ error: CompletionError) -> AttemptError {
        switch error {
        case .upstreamError(let errorBody): self.error(status: errorBody.status ?? 502, retryAfter: nil, errorBody: errorBody)
        case .invalid: AttemptError(error: ModelError(.failed, "The upstream \(name) gave a reply that is no completion"))
        case .truncated: AttemptError(error: ModelError(.failed, "The upstream \(name) broke off its reply"))
        }
    }

    /// The error for a request without a complete response.
    func error(_ error: TransferError) -> AttemptError {
        let description = "The upstream \(name): \(shown(error.description))"
        switch error.code {
        case .missingLibrary:
            return AttemptError(
                error: ModelError(
                    .unavailable, error.description,
                    clientMessage:
                        "The server cannot reach its model: libcurl is missing. Its operator has to install the package \(CurlPackage.ofHost.name)."
                ))
        case .connect:
            return AttemptError(error: ModelError(.unavailable, description, retryAfter: Self.retryAfter), isRetryable: true)
        case .untrusted: return AttemptError(error: ModelError(.unavailable, description, retryAfter: Self.retryAfter))
        case .timedOut: return AttemptError(error: ModelError(.timedOut, description), isBreak: true)
        case .broken: return AttemptError(error: ModelError(.failed, description), isBreak: true)
        case .tooLarge: return AttemptError(error: ModelError(.failed, description))
        case .cancelled: return AttemptError(error: ModelError(.cancelled, description))
        }
    }

    /// The number of seconds after which a client may try an unreachable upstream again.
    static let retryAfter = 5

    private func error(status: Int, retryAfter: Int?, errorBody: UpstreamErrorBody?) -> AttemptError {
        let message = errorBody?.message.map { shown($0) }
        let description = "The upstream \(name) answered with status \(status)" + (message.map { ": \($0)" } ?? "")
        if errorBody?.exceedsContext ?? false {
            return AttemptError(error: ModelError(.contextTooLong, description, clientMessage: message))
        }
        if status == 401 || status == 403 || errorBody?.isAboutKey ?? false {
            return AttemptError(error: ModelError(.failed, "\(description). Is its key right?"))
        }
        switch status {
        case 400, 402, 404, 408, 409, 413, 415, 422, 424, 451:
            return AttemptError(
                error: ModelError(
                    .refused(status: status), description,
                    clientMessage: message ?? "The upstream refuses the request with status \(status) and gives no reason",
                    clientCode: errorBody?.code.map { shown($0, bytes: 64) }.flatMap { Self.isCode($0) ? $0 : nil },
                    param: errorBody?.param.map { shown($0, bytes: 200) }, retryAfter: retryAfter),
                // The same request may succeed a moment later.
                isRetryable: [408, 409, 424].contains(status))
        case 429: return AttemptError(error: ModelError(.rateLimited, description, retryAfter: retryAfter), isRetryable: true)
        case 300..<400: return AttemptError(error: ModelError(.failed, "\(description). Redirects are not followed: is its URL right?"))
        default:
            return AttemptError(
                error: ModelError(.failed, description, retryAfter: retryAfter), isRetryable: status == 502 || status == 503)
        }
    }

    /// True if a text is a word for programs.
    private static func isCode(_ text: String) -> Bool {
        text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
            default: "_-.".utf8.contains(byte)
            }
        }
    }

    /// Text of an upstream's without its key and address, which some repeat when they refuse a request, and then cut to a number of bytes.
    private func shown(_ text: String, bytes limit: Int = 1000) -> String {
        let secrets = [settings.key ?? "", settings.address.description].filter { !$0.isEmpty }
        var rest = text.utf8[...]
        var shown: [UInt8] = []
        while shown.count <= limit, let byte = rest.first {
            let secret = secrets.first { rest.starts(with: $0.utf8) }
            if secret == nil { shown.append(byte) } else { shown += "***".utf8 }
            rest = rest.dropFirst(secret?.utf8.count ?? 1)
        }
        if shown.count > limit {
            // Not within a character: a byte that continues one begins with the bits 10.
            let end = shown[...limit].lastIndex { $0 & 0xc0 != 0x80 } ?? 0
            shown.removeSubrange(end...)
        }
        return String(decoding: shown, as: UTF8.self)
    }
}
