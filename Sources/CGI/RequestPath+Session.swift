import Text

extension Request {
    /// What `/s/{key}/` in a path may mean: the key, and the path behind it.
    package typealias SessionPath = (key: String, path: RequestPath)

    /// The longest path that is looked at. A key of 512 bytes has up to 1,536 percent-encoded, and up to 513 segments decoded.
    private static let longestSessionPath = (bytes: 4096, segments: 64, decodedSegments: 600)

    /// Every way to read a path as `/s/{key}/…`; none if it is not one, and several if it is not known where the mount point ends.
    ///
    /// Web servers decode the path, and then a slash of the key cannot be told from one of the path. So the key is taken from
    /// `REQUEST_URI`, which is as the client sent it, if it has the same path, and from the decoded path only if it has another one: an
    /// operator rewrites paths. U+FFFD is in a key in place of what is not percent-encoded UTF-8.
    package func sessionPaths(in path: RequestPath) -> [SessionPath] {
        let uri = encodedPath
        let limit = Self.longestSessionPath
        guard uri.utf8.count <= limit.bytes, path.segments.count <= limit.decodedSegments else { return [] }
        var raw = uri.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map { Substring($0) }
        // What is before the first slash, and behind the last.
        if raw.first?.isEmpty == true { raw.removeFirst() }
        if raw.last?.isEmpty == true { raw.removeLast() }
        raw = Self.withoutDots(raw) { Self.percentDecoded($0) }
        guard raw.count <= limit.segments else { return [] }
        let whole = Self.normalized(path.segments)
        for start in raw.indices where !raw[start].isEmpty {
            guard [true, false].contains(where: { Self.normalized(Self.decoded(raw[start...], slashes: $0)) == whole }) else { continue }
            return Self.marks(raw[start...].map { Self.percentDecoded($0) }, path).map { index in
                (Self.strictlyDecoded(raw[start + index + 1]), Self.path(Self.decoded(raw[(start + index + 2)...], slashes: true)))
            }
        }
        return Self.marks(path.segments, path).map { (path.segments[$0 + 1], Self.path(Array(path.segments[($0 + 2)...]))) }
    }

    private static func path(_ segments: [String]) -> RequestPath { RequestPath(segments: segments, isExact: true) }

    /// Where the segment `s` stands, with a key and more behind it: at the beginning only, if the path begins there. `v1` is no key: who forgets
    /// the key must not share a session with all who do.
    private static func marks(_ segments: [String], _ path: RequestPath) -> [Int] {
        segments.indices.dropLast(2).filter { (!path.isExact || $0 == 0) && segments[$0] == "s" && segments[$0 + 1] != "v1" }
    }

    /// The segments as a web server has them that decodes every slash (nginx, lighttpd), or none (Apache with `AllowEncodedSlashes NoDecode`).
    private static func decoded(_ raw: ArraySlice<Substring>, slashes: Bool) -> [String] {
        raw.flatMap { segment in
            slashes
                ? percentDecoded(segment).utf8.split(separator: UInt8(ascii: "/")).map { String($0) ?? "" }
                : [percentDecoded(segment, keepsSlashes: true)]
        }
    }

    /// The bytes of a path without empty segments and dots, which web servers remove or not.
    private static func normalized(_ segments: [String]) -> [UInt8] {
        Array(withoutDots(segments) { $0 }.filter { !$0.isEmpty }.joined(separator: "/").utf8)
    }

    private static func withoutDots<Segment>(_ segments: [Segment], _ text: (Segment) -> String) -> [Segment] {
        segments.reduce(into: []) { rest, segment in
            let text = text(segment)
            if text == ".." { _ = rest.popLast() } else if text != "." { rest.append(segment) }
        }
    }

    /// U+FFFD if a percent sign has not two hexadecimal digits behind it.
    private static func strictlyDecoded(_ segment: Substring) -> String {
        let parts = segment.utf8.split(separator: UInt8(ascii: "%"), omittingEmptySubsequences: false).dropFirst()
        let isValid = parts.allSatisfy { $0.prefix(2).compactMap(hexadecimalDigit).count == 2 }
        return isValid ? percentDecoded(segment) : "\u{fffd}"
    }
}
