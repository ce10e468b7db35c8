import Text

/// One HTTP request as a web server passes it on, in CGI's meta-variables (RFC 3875, section 4.1), over FastCGI or CGI.
package struct Request: Sendable {
    /// The result of reading the body.
    package enum Body: Sendable, Equatable {
        /// The whole body; empty if there was none.
        case complete([UInt8])
        /// The body is larger than the program accepts.
        case tooLarge
        /// The body ended before its length.
        case incomplete
        /// The body did not arrive in time.
        case timedOut
    }

    /// The request method, as it was sent.
    package let method: String
    /// The folder whose files the web server serves to everyone; nil if it does not say.
    package var documentRoot: String? { metaVariable("DOCUMENT_ROOT") }
    /// The folder that Apache serves at the request's path, if that is another one, such as a user's (mod_userdir) or an alias.
    package var contextDocumentRoot: String? { metaVariable("CONTEXT_DOCUMENT_ROOT") }
    /// What the web server calls itself, such as `nginx/1.22.1`; nil if it does not say.
    package var webServer: String? { metaVariable("SERVER_SOFTWARE") }
    /// Where Apache leaves the `Authorization` header when one of its rules has passed the request on inside.
    package var redirectedAuthorization: String? { metaVariable("REDIRECT_HTTP_AUTHORIZATION") }
    /// The address that the request came from; nil if the web server does not say.
    package var clientAddress: String? { metaVariable("REMOTE_ADDR") }
    /// The name or address, and port, that the client asked; nil if it did not say. Cheaper than `header("host")`.
    package var hostName: String? { metaVariable("HTTP_HOST") }
    package let body: Body

    private let metaVariables: [(name: String, value: String)]

    /// Reads a request from its meta-variables. It never fails: whatever is missing is empty.
    ///
    /// - Parameters:
    ///   - metaVariables: names and values in the order they arrived. They are data: nothing here configures the program.
    ///   - body: the body that was read. A complete one that is shorter than `CONTENT_LENGTH` counts as incomplete.
    package init(metaVariables: [(name: String, value: String)], body: Body) {
        self.metaVariables = metaVariables
        method = Self.value("REQUEST_METHOD", in: metaVariables) ?? ""
        if case .complete(let bytes) = body, let length = Self.value("CONTENT_LENGTH", in: metaVariables).flatMap({ Int($0) }),
            bytes.count < length
        {
            self.body = .incomplete
        } else {
            self.body = body
        }
    }

    /// A meta-variable's value: the first if it is repeated, nil if it is absent.
    func metaVariable(_ name: String) -> String? { Self.value(name, in: metaVariables) }

    static func value(_ name: String, in metaVariables: [(name: String, value: String)]) -> String? {
        metaVariables.first { $0.name == name }?.value
    }

    /// A header's value, by its name in lower case; repeated ones are joined by a comma and a space (RFC 9110, section 5.3). Nil if it was
    /// not sent. `Proxy` is always nil, so that it cannot become a proxy setting (CVE-2016-5385).
    package func header(_ name: String) -> String? {
        var value: String?
        for variable in metaVariables where Self.isHeader(variable.name, name) && variable.name != "HTTP_PROXY" {
            value = value.map { "\($0), \(variable.value)" } ?? variable.value
        }
        return value
    }

    /// True if a header, by its name in lower case, was sent more than once and the web server did not join the values.
    package func isRepeated(_ name: String) -> Bool { metaVariables.count { Self.isHeader($0.name, name) } > 1 }

    /// The headers of some names, in lower case, that were sent, in one pass: a repeated one is there more than once, unless the web server
    /// joined the values.
    package func headers(_ names: [String]) -> [(name: String, value: String)] {
        var found: [(name: String, value: String)] = []
        for variable in metaVariables {
            if let name = names.first(where: { Self.isHeader(variable.name, $0) }) { found.append((name, variable.value)) }
        }
        return found
    }

    /// A parameter of the query string, form-decoded: the first if it is repeated, nil if it was not sent.
    package func query(_ name: String) -> String? {
        queries.first { $0.name == name }?.value
    }

    /// All parameters of the query string, form-decoded.
    package var queries: [(name: String, value: String)] {
        (metaVariable("QUERY_STRING") ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map {
                Self.percentDecoded($0, plus: " ")
            }
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    /// True if a meta-variable holds the header (RFC 3875, section 4.1.18): `HTTP_X_SESSION_KEY` holds `x-session-key`. Two headers have
    /// variables without the prefix.
    private static func isHeader(_ variable: String, _ name: String) -> Bool {
        let prefix = name == "content-type" || name == "content-length" ? "" : "HTTP_"
        guard variable.utf8.count == prefix.utf8.count + name.utf8.count, variable.utf8.starts(with: prefix.utf8) else { return false }
        return zip(variable.utf8.dropFirst(prefix.utf8.count), name.utf8).allSatisfy { upper, lower in
            switch lower {
            case UInt8(ascii: "-"): upper == UInt8(ascii: "_")
            case UInt8(ascii: "a")...UInt8(ascii: "z"): upper == lower & 0xdf
            default: upper == lower
            }
        }
    }

    static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"): (byte | 0x20) - UInt8(ascii: "a") + 10
        default: nil
        }
    }

    /// - Parameter keepsSlashes: true to leave `%2F` as it is.
    static func percentDecoded(_ text: Substring, plus: Unicode.Scalar = "+", keepsSlashes: Bool = false) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            // Digit by digit, because Int's initialiser would accept a sign.
            let digits = rest.prefix(2).compactMap(hexadecimalDigit)
            if byte == UInt8(ascii: "%"), digits.count == 2, !keepsSlashes || digits != [2, 15] {
                bytes.append(digits[0] << 4 | digits[1])
                rest.removeFirst(2)
            } else {
                bytes.append(byte == UInt8(ascii: "+") ? UInt8(ascii: plus) : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
