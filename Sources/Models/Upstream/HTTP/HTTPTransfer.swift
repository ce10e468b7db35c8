import CCurl

/// One exchange under way: libcurl's handle and what has come so far.
///
/// `@unchecked Sendable`: after `HTTPClient.send` has handed it over, only the client's thread touches it; libcurl's callbacks run there too.
final class HTTPTransfer: @unchecked Sendable {
    let request: HTTPRequest
    private let onBody: (@Sendable (HTTPResponse, ArraySlice<UInt8>) -> Void)?
    private var continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>?
    private(set) var handle: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var response = HTTPResponse(status: 0)
    private var length = 0
    private var isTooLong = false

    /// More than any model says.
    static let longestBody = 32 << 20

    init(
        _ request: HTTPRequest, onBody: (@Sendable (HTTPResponse, ArraySlice<UInt8>) -> Void)?,
        _ continuation: CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>
    ) {
        (self.request, self.onBody, self.continuation) = (request, onBody, continuation)
    }

    /// Makes libcurl's handle. False where there is no memory.
    func prepare(certificates: String?) -> Bool {
        guard let handle = ccurl_easy_init() else { return false }
        self.handle = handle
        func set(_ option: CURLoption, _ value: Int) { ccurl_easy_set_long(handle, option, value) }
        ccurl_easy_set_pointer(handle, CURLOPT_URL, request.url)
        // Resolving a name must not raise SIGALRM.
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PROTOCOLS, Int(CURLPROTO_HTTP | CURLPROTO_HTTPS))
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        // Rather a stream of a connection that is being made than another connection.
        set(CURLOPT_PIPEWAIT, 1)
        set(CURLOPT_TCP_KEEPALIVE, 1)
        // A chat that waits should take little.
        set(CURLOPT_BUFFERSIZE, 4096)
        set(CURLOPT_TIMEOUT_MS, max(1, Int(request.timeout / .milliseconds(1))))
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(min(request.connectTimeout, request.timeout) / .milliseconds(1))))
        // Whatever the library can undo.
        ccurl_easy_set_pointer(handle, CURLOPT_ACCEPT_ENCODING, "")
        if let certificates { ccurl_easy_set_pointer(handle, CURLOPT_CAINFO, certificates) }
        if let body = request.body {
            set(CURLOPT_POST, 1)
            set(CURLOPT_POSTFIELDSIZE, body.count)
            ccurl_easy_set_pointer(handle, CURLOPT_COPYPOSTFIELDS, body)
        }
        // Without "Expect:", libcurl waits a second for servers that do not know 100-continue.
        for (name, value) in request.headers + [("Expect", "")] {
            headerList = ccurl_slist_append(headerList, value.isEmpty ? "\(name):" : "\(name): \(value)")
        }
        ccurl_easy_set_pointer(handle, CURLOPT_HTTPHEADER, headerList)
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_easy_set_pointer(handle, CURLOPT_WRITEDATA, context)
        ccurl_easy_set_pointer(handle, CURLOPT_HEADERDATA, context)
        ccurl_easy_set_callback(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue().receive(
                UnsafeRawBufferPointer(start: bytes, count: size * count))
        }
        ccurl_easy_set_callback(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
            Unmanaged<HTTPTransfer>.fromOpaque(context).takeUnretainedValue().receive(header: String(decoding: line, as: UTF8.self))
            return size * count
        }
        return true
    }

    /// Ends the exchange: frees libcurl's handle, which is no longer the client's, and says what came of it.
    func end(_ code: CURLcode) {
        let kind: HTTPFailure.Kind
        switch code {
        case CURLE_OK: return finish(.success(response))
        case CURLE_OPERATION_TIMEDOUT:
            // Before the request was sent, the time was the connection's.
            kind = handle.map { ccurl_easy_get_long($0, CURLINFO_REQUEST_SIZE) > 0 } ?? false ? .timedOut : .unreachable
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
            CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            kind = .unreachable
        default: kind = .broken
        }
        let reason = isTooLong ? "the answer is longer than \(Self.longestBody) bytes" : String(cString: ccurl_easy_strerror(code))
        finish(.failure(HTTPFailure(kind: kind, description: reason)))
    }

    func cancel() { finish(.failure(HTTPFailure(kind: .cancelled, description: "cancelled"))) }

    private func finish(_ result: Result<HTTPResponse, HTTPFailure>) {
        if let handle { ccurl_easy_cleanup(handle) }
        ccurl_slist_free_all(headerList)
        (handle, headerList) = (nil, nil)
        continuation?.resume(returning: result)
        continuation = nil
    }

    /// Another number than the bytes' own makes libcurl end the transfer.
    private func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
        length += bytes.count
        guard length <= Self.longestBody else {
            isTooLong = true
            return 0
        }
        if let onBody, response.status == 200 { onBody(response, Array(bytes)[...]) } else { response.body += bytes }
        return bytes.count
    }

    /// A line of a head: the last head counts, after those of 100-continue and of proxies.
    private func receive(header line: String) {
        if line.hasPrefix("HTTP/") {
            response = HTTPResponse(status: line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0)
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }.prefix {
                $0 != "\r\n" && $0 != "\r" && $0 != "\n"
            }
            response.headers.append((line[..<colon].lowercased(), String(value)))
        }
    }
}
