import CCurl
import Concurrency
import Glibc
import Text

/// A request in progress.
///
/// `@unchecked Sendable`: a task creates it and hands it over under the inbox's lock; from then on only the transfer thread touches it.
final class Transfer: @unchecked Sendable {
    private let request: HTTPRequest
    private let buffer: ResponseBuffer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private let reason: UnsafeMutablePointer<CChar>
    private var deadline = ContinuousClock.now
    private var bodyCount = 0
    private var isTooLarge = false
    private var status = 0
    /// The file of certificates to trust instead of the host's. OpenSSL's programs and the curl command use the same variable. (A CGI
    /// client cannot set it: headers become variables that begin with HTTP_.)
    private static let certificates = getenv("SSL_CERT_FILE").map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    /// libcurl's handle while the transfer is in progress.
    private(set) var handle: UnsafeMutableRawPointer?

    init(_ request: HTTPRequest, _ buffer: ResponseBuffer) {
        (self.request, self.buffer) = (request, buffer)
        reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
        reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { reason.deallocate() }

    /// Creates libcurl's handle; nil if there is no memory for it.
    func prepare() -> UnsafeMutableRawPointer? {
        guard let handle = ccurl_easy_init() else { return nil }
        self.handle = handle
        deadline = .now + request.timeout
        set(CURLOPT_URL, request.url)
        if let path = request.socketPath { set(CURLOPT_UNIX_SOCKET_PATH, path) }
        // An older library does not know this option. Then the check of the configured URL has to do, as no redirect is followed.
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        if let file = Self.certificates { set(CURLOPT_CAINFO, file) }
        // The first connection shows whether the server speaks HTTP/2, and the other transfers then share it. Without TLS only the first
        // response would show that, and the others must not wait for it.
        set(CURLOPT_PIPEWAIT, request.url.hasPrefix("https:") ? 1 : 0)
        set(CURLOPT_TIMEOUT_MS, request.timeout.milliseconds)
        set(CURLOPT_CONNECTTIMEOUT_MS, min(request.connectTimeout, request.timeout).milliseconds)
        // Signals belong to the program. And the end does not wait for a thread that resolves a name too slowly.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_QUICK_EXIT, 1)
        // Every encoding that this libcurl can unpack.
        set(CURLOPT_ACCEPT_ENCODING, "")
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if request.includesHead { set(CURLOPT_HEADER, 1) }
        // libcurl allocates this for each waiting chat.
        set(CURLOPT_BUFFERSIZE, 8192)
        // `Expect: 100-continue` costs a round trip, or a second if the server does not know it.
        for line in request.headers + ["User-Agent: nanobot", "Expect:"] { headers = ccurl_slist_append(headers, line) }
        ccurl_easy_set_pointer(handle, CURLOPT_HTTPHEADER, headers)
        ccurl_easy_set_pointer(handle, CURLOPT_ERRORBUFFER, reason)
        if let body = request.body {
            set(CURLOPT_POSTFIELDSIZE, body.count)
            // Copied, because the array's address is valid only inside this closure.
            body.withUnsafeBytes { bytes in _ = ccurl_easy_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress) }
        }
        ccurl_easy_set_write(
            handle,
            { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(
                    UnsafeRawBufferPointer(start: bytes, count: size * count))
            }, Unmanaged.passUnretained(self).toOpaque())
        return handle
    }

    /// Frees libcurl's handle and ends the response.
    func finish(_ result: Result<Void, TransferError>) {
        let reply = result.map { HTTPResponseHead(status: info(CURLINFO_RESPONSE_CODE), retryAfter: retryAfter) }
        if let handle { ccurl_easy_cleanup(handle) }
        handle = nil
        ccurl_slist_free_all(headers)
        headers = nil
        buffer.end(reply)
    }

    /// Frees libcurl's handle and ends the response, after libcurl ended the transfer.
    func finish(_ code: CURLcode) {
        guard code != CURLE_OK else { return finish(.success(())) }
        finish(.failure(TransferError(kind(of: code), String(cString: reason[0] == 0 ? ccurl_easy_strerror(code) : UnsafePointer(reason)))))
    }

    private func kind(of code: CURLcode) -> TransferError.Code {
        if isTooLarge { return .tooLarge }
        switch code {
        // libcurl has one code for both timeouts, and rounds them.
        case CURLE_OPERATION_TIMEDOUT: return .now + .milliseconds(10) >= deadline ? .timedOut : .connect
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_SSL_CONNECT_ERROR:
            return .connect
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM:
            return .untrusted
        default: return .broken
        }
    }

    /// The number of bytes that were taken, or CURL_WRITEFUNC_PAUSE. Any other number ends the transfer: CURLOPT_WRITEFUNCTION(3).
    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard bytes.count <= request.bodyLimit - bodyCount else {
            isTooLarge = true
            return 0
        }
        if status == 0 { status = info(CURLINFO_RESPONSE_CODE) }
        guard buffer.add(bytes, status: status) else { return Int(CURL_WRITEFUNC_PAUSE) }
        bodyCount += bytes.count
        return bytes.count
    }

    private var retryAfter: Int? {
        var seconds: curl_off_t = 0
        guard let handle, ccurl_easy_get_offset(handle, CURLINFO_RETRY_AFTER, &seconds) == CURLE_OK, seconds > 0 else { return nil }
        return Int(seconds)
    }

    private func info(_ info: CURLINFO) -> Int {
        var value = 0
        if let handle { ccurl_easy_get_long(handle, info, &value) }
        return value
    }

    private func set(_ option: CURLoption, _ value: Int) { if let handle { ccurl_easy_set_long(handle, option, value) } }

    /// libcurl copies the text: curl_easy_setopt(3).
    private func set(_ option: CURLoption, _ text: String) { if let handle { ccurl_easy_set_pointer(handle, option, text) } }
}

extension Duration {
    /// At least 1: to libcurl, 0 means no limit.
    fileprivate var milliseconds: Int { max(1, Int(self / .milliseconds(1))) }
}
