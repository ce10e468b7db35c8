import Text

/// A request's path below the program's mount point.
package struct RequestPath: Sendable, Equatable {
    /// The decoded segments. One trailing slash is ignored.
    package var segments: [String]
    /// True if the segments begin at the mount point. If false, they may include the mount point, and empty segments are left out.
    package var isExact: Bool

    package init(segments: [String], isExact: Bool) { (self.segments, self.isExact) = (segments, isExact) }

    fileprivate init(_ path: String, isExact: Bool) {
        var segments = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: !isExact).map { String($0) ?? "" }
        // The text before the first slash, and after the last one.
        if isExact, segments.first?.isEmpty == true { segments.removeFirst() }
        if isExact, segments.last?.isEmpty == true { segments.removeLast() }
        self.init(segments: segments, isExact: isExact)
    }
}

extension Request {
    /// The path below the mount point; nil if the request's path is not below it.
    ///
    /// A web server that knows the mount point passes it in `SCRIPT_NAME`, and the rest of the path in `PATH_INFO` (RFC 3875, section 4.1).
    /// Other setups pass the whole path in `SCRIPT_NAME` (nginx's `fastcgi_params`, Apache's mod_proxy_fcgi).
    ///
    /// - Parameter mount: the segments of the configured mount point, which wins over the web server's.
    package func path(below mount: [String]?) -> RequestPath? {
        let (script, info) = (metaVariable("SCRIPT_NAME"), metaVariable("PATH_INFO") ?? "")
        // nginx with `fastcgi_param PATH_INFO $document_uri` passes the whole path twice.
        let isTwice = !info.isEmpty && script == info && uriPath == info
        if let mount {
            let known = [isTwice ? info : (script ?? "") + info, metaVariable("DOCUMENT_URI") ?? ""].first { !$0.isEmpty }
            let whole = known ?? uriPath
            var path = RequestPath(whole, isExact: true)
            guard path.segments.starts(with: mount, by: { $0 == $1 }) else { return nil }
            path.segments.removeFirst(mount.count)
            return path
        }
        if script != nil, !info.isEmpty, !isTwice { return RequestPath(info, isExact: true) }
        let known = [info, script ?? "", metaVariable("DOCUMENT_URI") ?? ""].first { !$0.isEmpty && $0 != "/" }
        return RequestPath(known ?? uriPath, isExact: false)
    }

    /// The decoded path in `REQUEST_URI`.
    private var uriPath: String { Self.percentDecoded(encodedPath) }

    /// The path as the client sent it, percent-encoded; empty if the web server does not tell.
    package var encodedPath: Substring { Substring((metaVariable("REQUEST_URI") ?? "").utf8.prefix { $0 != UInt8(ascii: "?") }) }
}
