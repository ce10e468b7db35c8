import Foundation
import Testing

@Suite("Requests that two programs could read differently", .sharedServers)
struct AmbiguousRequestTests {
    struct Form: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var lines: [String]
        var lineEnd = "\r\n"
        var isRefusedByNginx = true
    }

    /// Its length is in the forms below.
    private static let body = #"{"messages":[{"role":"user","content":"Hello, is anybody here?"}]}"#

    static let forms = [
        Form(testDescription: "a NUL in a header", lines: ["x-session-key: ambiguous\u{0}x", "Content-Length: 66"]),
        Form(
            testDescription: "a length and chunks",
            lines: ["x-session-key: ambiguous", "Content-Length: 66", "Transfer-Encoding: chunked"]),
        Form(testDescription: "two lengths", lines: ["x-session-key: ambiguous", "Content-Length: 66", "Content-Length: 65"]),
        Form(
            testDescription: "lines that end in a line feed alone", lines: ["x-session-key: ambiguous", "Content-Length: 66"],
            lineEnd: "\n", isRefusedByNginx: false),
        Form(
            testDescription: "a blank before the colon", lines: ["x-session-key: ambiguous", "Content-Length : 66"], isRefusedByNginx: false
        ),
    ]

    @Test("are refused, and nothing is stored", arguments: Server.Kind.allCases, forms)
    func refused(kind: Server.Kind, form: Form) async throws {
        guard kind == .lighttpd || form.isRefusedByNginx else { return }
        let server = try Server.shared(kind)
        let head = ["POST \(Server.chatPath) HTTP/1.1", "Host: x", "Connection: close"] + form.lines + ["", ""]
        let answer = try await RawClient.exchange(Array(head.joined(separator: form.lineEnd).utf8) + Self.body.utf8, port: server.port)
        #expect(try HTTPResponse(answer).status == 400)
        #expect(String(decoding: answer, as: UTF8.self).components(separatedBy: "HTTP/1.").count == 2)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions")) ?? []
        #expect(!files.contains { $0.hasPrefix("ambiguous") })
        #expect(try await server.send("GET", "/health").status == 200)
    }
}
