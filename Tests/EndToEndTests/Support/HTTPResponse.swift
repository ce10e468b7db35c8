import Foundation

/// One HTTP response, read from the bytes that came.
struct HTTPResponse: Sendable {
    struct Malformed: Error {
        var bytes: String
    }

    let status: Int
    /// By name in lower case.
    let headers: [String: String]
    let body: [UInt8]

    init(_ bytes: [UInt8]) throws {
        let separator = Array("\r\n\r\n".utf8)
        guard let end = bytes.firstRange(of: separator) else { throw Malformed(bytes: String(decoding: bytes, as: UTF8.self)) }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else { throw Malformed(bytes: lines[0]) }
        // 100 Continue stands before the response.
        guard status >= 200 else {
            self = try Self(Array(bytes[end.upperBound...]))
            return
        }
        self.status = status
        headers = Dictionary(
            lines.dropFirst().compactMap { line in
                guard let colon = line.firstIndex(of: ":") else { return nil }
                return (line[..<colon].lowercased(), line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces))
            }, uniquingKeysWith: { "\($0), \($1)" })
        body = Array(bytes[end.upperBound...])
    }

    /// The body, where it is JSON and says so.
    var json: JSON? { headers["content-type"] == "application/json" ? try? JSON(body) : nil }

    /// The assistant's text.
    var answer: String { json["choices"][0]["message"]["content"]?.text ?? "" }
}
