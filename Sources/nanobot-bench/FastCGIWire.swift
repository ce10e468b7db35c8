/// As much of FastCGI as requests need that follow each other over a connection: FastCGI specification, sections 3 to 6.
enum FastCGIWire {
    private enum RecordType: UInt8 {
        case beginRequest = 1
        case endRequest = 3
        case parameters = 4
        case standardInput = 5
        case standardOutput = 6
    }

    /// One request, and the wish to keep the connection.
    static func request(method: String, path: String, headers: [(String, String)], body: [UInt8]) -> [UInt8] {
        var parameters = [
            ("GATEWAY_INTERFACE", "CGI/1.1"), ("REQUEST_METHOD", method), ("REQUEST_URI", path), ("SCRIPT_NAME", path),
            ("SERVER_PROTOCOL", "HTTP/1.1"), ("SERVER_NAME", "localhost"), ("SERVER_PORT", "80"), ("QUERY_STRING", ""),
        ]
        if !body.isEmpty { parameters.append(("CONTENT_LENGTH", String(body.count))) }
        // Role: responder; flags: keep the connection.
        return record(.beginRequest, [0, 1, 1, 0, 0, 0, 0, 0]) + record(.parameters, (parameters + headers).flatMap(pair))
            + record(.parameters, []) + (body.isEmpty ? [] : record(.standardInput, body)) + record(.standardInput, [])
    }

    /// The response in what was received, as a CGI program writes it: header lines, an empty line, and the body. Nil where its end is not
    /// there yet.
    static func response(in received: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        var start = 0
        while received.count >= start + 8 {
            let length = Int(received[start + 4]) << 8 | Int(received[start + 5])
            let end = start + 8 + length + Int(received[start + 6])
            guard received.count >= end else { return nil }
            switch RecordType(rawValue: received[start + 1]) {
            case .standardOutput: output += received[(start + 8)..<(start + 8 + length)]
            case .endRequest: return output
            default: break
            }
            start = end
        }
        return nil
    }

    /// One record of request 1.
    private static func record(_ type: RecordType, _ content: [UInt8]) -> [UInt8] {
        [1, type.rawValue, 0, 1, UInt8(content.count >> 8), UInt8(content.count & 0xff), 0, 0] + content
    }

    /// A name and a value shorter than 128 bytes each.
    private static func pair(_ name: String, _ value: String) -> [UInt8] {
        [UInt8(name.utf8.count), UInt8(value.utf8.count)] + Array(name.utf8) + Array(value.utf8)
    }
}
