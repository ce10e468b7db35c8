/// Where a web page comes from, as its browser says it in the header `Origin`: `https://app.example:8443` (RFC 6454, section 6.2).
package struct Origin: Sendable, Equatable, CustomStringConvertible {
    /// As browsers send it: in lower case, and without the port that the scheme has anyway.
    package let description: String

    package static let expectation = "must be an origin such as https://app.example:8443: without a path or a slash at its end, and no *"

    /// In bytes: a host's name has at most 253.
    private static let maximumLength = 300

    /// Nil unless the text is an origin. Any scheme is accepted, since apps and browser extensions have their own. `null` is none: pages of
    /// anybody's have it.
    package init?(_ text: String) {
        guard text.utf8.count <= Self.maximumLength else { return nil }
        let bytes = text.utf8.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        let scheme = bytes.prefix { $0 != UInt8(ascii: ":") }
        guard Self.isScheme(scheme), bytes.dropFirst(scheme.count).starts(with: "://".utf8) else { return nil }
        let rest = bytes.dropFirst(scheme.count + 3)
        let name = String(decoding: scheme, as: UTF8.self)
        guard let host = Self.host(of: rest), let port = Self.port(rest.dropFirst(host.count), scheme: name) else { return nil }
        description = "\(name)://\(String(decoding: host, as: UTF8.self))\(port)"
    }

    package static func == (left: Origin, right: Origin) -> Bool { left.description == right.description }

    private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.first.map(isLetter) == true && bytes.allSatisfy { isLetter($0) || isDigit($0) || "+-.".utf8.contains($0) }
    }

    /// The host in front of the port, if it is one: a name in ASCII, or an IPv6 address in brackets.
    private static func host(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if bytes.first == UInt8(ascii: "[") {
            guard let end = bytes.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            let address = bytes[..<end].dropFirst()
            let isAddress = address.count >= 2 && address.allSatisfy { isDigit($0) || "abcdef:.".utf8.contains($0) }
            return isAddress ? bytes[...end] : nil
        }
        let name = bytes.prefix { $0 != UInt8(ascii: ":") }
        return !name.isEmpty && name.allSatisfy { isLetter($0) || isDigit($0) || "-._".utf8.contains($0) } ? name : nil
    }

    /// The colon and the port behind the host; empty if that is the scheme's own or none is there, and nil if it is no port.
    private static func port(_ bytes: ArraySlice<UInt8>, scheme: String) -> String? {
        if bytes.isEmpty { return "" }
        let digits = bytes.dropFirst()
        guard bytes.first == UInt8(ascii: ":"), 1...5 ~= digits.count, digits.allSatisfy(isDigit) else { return nil }
        let number = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        guard 1...65_535 ~= number else { return nil }
        return [("http", 80), ("https", 443)].contains { $0.0 == scheme && $0.1 == number } ? "" : ":\(number)"
    }

    private static func isLetter(_ byte: UInt8) -> Bool { UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte }
    private static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
}
