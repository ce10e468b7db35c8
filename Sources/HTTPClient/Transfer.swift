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
    /// `Retry-After`, in seconds. (CURLINFO_RETRY_AFTER is there since libcurl 7.66.)
    private var retryAfter: Int?
    /// True if only authorities of the host's directory are known to it.
    private var trustsDirectoryOnly = false
    /// True once that was not enough.
    private var hasBegunAgain = false
    /// libcurl's handle while the transfer is in progress.
    private(set) var handle: UnsafeMutableRawPointer?

    init(_ request: HTTPRequest, _ buffer: ResponseBuffer) {
        (self.request, self.buffer) = (request, buffer)
        reason = .allocate(capacity: Int(CURL_ERROR_SIZE))
        reason.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit { reason.deallocate() }

    /// Creates libcurl's handle. Options that the host's libcurl does not know are left out, unless the request would be another one
    /// without them.
    func prepare() throws(TransferError) -> UnsafeMutableRawPointer {
        guard let handle = ccurl_easy_init() else { throw TransferError(.connect, "libcurl has no memory") }
        self.handle = handle
        deadline = .now + request.timeout
        set(CURLOPT_URL, request.url)
        if let path = request.socketPath, ccurl_easy_set_pointer(handle, CURLOPT_UNIX_SOCKET_PATH, path) != CURLE_OK {
            throw TransferError(.connect, "The host's libcurl cannot use a Unix-domain socket: it is older than 7.40")
        }
        // Since 7.85. Without it the check of the configured URL has to do, as no redirect is followed.
        set(CURLOPT_PROTOCOLS_STR, "http,https")
        // Refused by a library without HTTP/2. Since 7.47.
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        if let file = Authorities.file {
            set(CURLOPT_CAINFO, file)
        } else if request.url.hasPrefix("https:"), !hasBegunAgain, let directory = Authorities.directory {
            set(CURLOPT_CAPATH, directory)
            trustsDirectoryOnly = ccurl_easy_set_pointer(handle, CURLOPT_CAINFO, nil) == CURLE_OK
        }
        // The first connection shows whether the server speaks HTTP/2, and the other transfers then share it. Without TLS only the first
        // response would show that, and the others must not wait for it. Since 7.43; before 7.62 connections are not shared.
        set(CURLOPT_PIPEWAIT, request.url.hasPrefix("https:") ? 1 : 0)
        set(CURLOPT_TIMEOUT_MS, request.timeout.milliseconds)
        set(CURLOPT_CONNECTTIMEOUT_MS, min(request.connectTimeout, request.timeout).milliseconds)
        // Signals belong to the program. And the end does not wait for a thread that resolves a name too slowly (since 7.87).
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_QUICK_EXIT, 1)
        // Every encoding that this libcurl can unpack.
        set(CURLOPT_ACCEPT_ENCODING, "")
        // Since 7.54. `HTTPResponse` passes over such a head, too.
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
        ccurl_easy_set_header(
            handle,
            { bytes, size, count, context in
                if let bytes, let context {
                    let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
                    Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue().receive(header: line)
                }
                return size * count
            }, Unmanaged.passUnretained(self).toOpaque())
        return handle
    }

    /// Frees libcurl's handle and ends the response.
    func finish(_ result: Result<Void, TransferError>) {
        let reply = result.map { HTTPResponseHead(status: info(CURLINFO_RESPONSE_CODE), retryAfter: retryAfter) }
        release()
        buffer.end(reply)
    }

    private func release() {
        if let handle { ccurl_easy_cleanup(handle) }
        handle = nil
        ccurl_slist_free_all(headers)
        headers = nil
    }

    /// True if the transfer ended because the host's directory lacks the server's authority, or has it in a file that cannot be used, so that
    /// it has to begin again: nothing was sent.
    func isToBeginAgain(after code: CURLcode) -> Bool {
        guard trustsDirectoryOnly, Self.directoryFailures.contains(code) else { return false }
        // Another failed handshake may have nothing to do with the directory.
        if code == CURLE_PEER_FAILED_VERIFICATION { Authorities.giveUpDirectory() }
        release()
        (trustsDirectoryOnly, hasBegunAgain, reason[0]) = (false, true, 0)
        return true
    }

    private static let directoryFailures = [CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CONNECT_ERROR, CURLE_SSL_CACERT_BADFILE]

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
        // Before 7.62, 51 was a certificate of another name, and 60 all others that are refused.
        case CURLE_PEER_FAILED_VERIFICATION, CURLE_OBSOLETE51, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM:
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

    /// A number of seconds, or a date (RFC 9110, section 10.2.3).
    private func receive(header line: UnsafeRawBufferPointer) {
        let name = "retry-after:".utf8
        guard line.count > name.count, zip(line, name).allSatisfy({ $0 | 0x20 == $1 }) else { return }
        let digits = line.dropFirst(name.count).drop { $0 == 0x20 }.prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        let text = String(decoding: line.dropFirst(name.count).prefix(64), as: UTF8.self)
        let seconds = Int(String(decoding: digits, as: UTF8.self)) ?? ccurl_getdate(text) - time(nil)
        retryAfter = seconds > 0 ? seconds : nil
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
