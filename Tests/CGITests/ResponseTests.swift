import CGI
import JSON
import Testing

@Suite("Response")
struct ResponseTests {
    private func text(_ response: Response, includesBody: Bool = true) -> String {
        String(decoding: response.serialized(includesBody: includesBody), as: UTF8.self)
    }

    @Test("a response is its status, its headers in order, its length and its body")
    func response() {
        let response = Response(status: 200, headers: [("Content-Type", "text/plain"), ("A", "1"), ("A", "2")], body: Array("hé".utf8))
        #expect(text(response) == "Status: 200 OK\r\nContent-Type: text/plain\r\nA: 1\r\nA: 2\r\nContent-Length: 3\r\n\r\nhé")
        #expect(text(Response(status: 200)) == "Status: 200 OK\r\nContent-Length: 0\r\n\r\n")
    }

    @Test("bytes of a body are sent as they are")
    func bytes() {
        let body = (0...255).map { UInt8($0) }
        #expect(Response(status: 200, body: body).serialized(includesBody: true).suffix(256) == body[...])
    }

    @Test("204 has no Content-Length (RFC 9110, section 8.6)")
    func noContent() {
        #expect(text(Response(status: 204, headers: [("A", "b")])) == "Status: 204 No Content\r\nA: b\r\n\r\n")
    }

    @Test("the response to HEAD has the body's length and not the body")
    func head() {
        let response = Response(status: 200, body: Array("body".utf8))
        #expect(text(response, includesBody: false) == "Status: 200 OK\r\nContent-Length: 4\r\n\r\n")
    }

    @Test(
        "a header's value cannot begin another header or the body",
        arguments: [
            ("a\r\nSet-Cookie: b", "aSet-Cookie: b"), ("a\r\n\r\nbody", "abody"), ("a\nb\rc", "abc"), ("a\0b\u{7F}c\u{1B}", "abc"),
            ("\r\n", ""),
        ])
    func injection(value: String, sent: String) {
        let response = text(Response(status: 200, headers: [("X-Request-Id", value)]))
        #expect(response == "Status: 200 OK\r\nX-Request-Id: \(sent)\r\nContent-Length: 0\r\n\r\n")
    }

    @Test("values that are not ASCII are sent as UTF-8")
    func unicode() {
        #expect(text(Response(status: 200, headers: [("X-Name", "你好")])).contains("X-Name: 你好\r\n"))
    }

    @Test(
        "every status line has three digits and a reason",
        arguments: [200, 400, 401, 403, 404, 405, 409, 413, 418, 429, 500, 502, 503, 504, 507])
    func status(code: Int) {
        let line = text(Response(status: code)).prefix { $0 != "\r\n" }
        #expect(line.wholeMatch(of: /Status: [0-9]{3} [A-Za-z ]+/) != nil)
    }
}
