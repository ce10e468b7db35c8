import CGI
import Testing

@Suite("Request")
struct RequestTests {
    /// What a web server sends for one request, as far as the path goes.
    struct Sent: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let metaVariables: KeyValuePairs<String, String>
        var path = ["v1", "chat", "completions"]
        var isExact = false
    }

    private static let sent = [
        Sent(
            testDescription: "nginx with fastcgi_params",
            metaVariables: [
                "SCRIPT_NAME": "/v1/chat/completions", "REQUEST_URI": "/v1/chat/completions?a=/b", "DOCUMENT_URI": "/v1/chat/completions",
            ]),
        Sent(
            testDescription: "nginx with fastcgi_split_path_info",
            metaVariables: ["SCRIPT_NAME": "/api", "PATH_INFO": "/v1/chat/completions", "REQUEST_URI": "/api/v1/chat/completions"],
            isExact: true),
        Sent(
            testDescription: "nginx with an empty PATH_INFO",
            metaVariables: ["PATH_INFO": "", "SCRIPT_NAME": "/v1/chat/completions", "REQUEST_URI": "/x"]),
        Sent(
            testDescription: "nginx with the whole path in PATH_INFO, too",
            metaVariables: [
                "SCRIPT_NAME": "/api/v1/chat/completions", "PATH_INFO": "/api/v1/chat/completions",
                "REQUEST_URI": "/api/v1/chat%2Fcompletions?a",
            ], path: ["api", "v1", "chat", "completions"]),
        Sent(
            testDescription: "lighttpd with check-local disabled",
            metaVariables: ["SCRIPT_NAME": "/v1/chat/completions", "PATH_INFO": "", "REQUEST_URI": "/v1/chat/completions"]),
        Sent(
            testDescription: "lighttpd with fix-root-scriptname",
            metaVariables: ["SCRIPT_NAME": "", "PATH_INFO": "/v1/chat/completions", "REQUEST_URI": "/v1/chat/completions"],
            isExact: true),
        Sent(
            testDescription: "Apache with ScriptAlias",
            metaVariables: [
                "SCRIPT_NAME": "/cgi-bin/nanobot", "PATH_INFO": "/v1/chat/completions", "PATH_TRANSLATED": "/srv/v1/chat/completions",
                "REQUEST_URI": "/cgi-bin/nanobot/v1/chat/completions",
            ], isExact: true),
        Sent(
            testDescription: "Apache with ProxyPass",
            metaVariables: ["SCRIPT_NAME": "/v1/chat/completions", "REQUEST_URI": "/v1/chat/completions"]),
        Sent(
            testDescription: "a mount point that is asked for itself",
            metaVariables: ["SCRIPT_NAME": "/chat", "PATH_INFO": "/chat", "REQUEST_URI": "/chat/chat"], path: ["chat"], isExact: true),
        Sent(
            testDescription: "the root of a mount point",
            metaVariables: ["SCRIPT_NAME": "/chat", "PATH_INFO": "/", "REQUEST_URI": "/chat/"], path: [], isExact: true),
        Sent(testDescription: "DOCUMENT_URI alone", metaVariables: ["DOCUMENT_URI": "/v1/chat/completions"]),
        Sent(testDescription: "REQUEST_URI alone", metaVariables: ["REQUEST_URI": "/v1/chat%2Fcompletions?model=/x%20y"]),
        Sent(testDescription: "PATH_INFO alone", metaVariables: ["PATH_INFO": "//v1///chat/completions/"]),
        Sent(
            testDescription: "empty segments are segments where the path is exact",
            metaVariables: ["SCRIPT_NAME": "", "PATH_INFO": "//v1/chat//completions/"], path: ["", "v1", "chat", "", "completions"],
            isExact: true),
        Sent(testDescription: "the root", metaVariables: ["SCRIPT_NAME": "/", "REQUEST_URI": "/?a=b"], path: []),
        Sent(testDescription: "nothing at all", metaVariables: [:], path: []),
    ]

    @Test("the path is found in the variables that each web server sets", arguments: sent)
    func path(sent: Sent) {
        #expect(Request.make(sent.metaVariables).path(below: nil) == RequestPath(segments: sent.path, isExact: sent.isExact))
    }

    /// Ways in which the same path arrives.
    private static let sameURL: [KeyValuePairs<String, String>] = [
        ["SCRIPT_NAME": "/a/chat/v1/models", "REQUEST_URI": "/a/chat/v1/models"],
        ["SCRIPT_NAME": "/a/chat", "PATH_INFO": "/v1/models", "REQUEST_URI": "/a/chat/v1/models"],
        ["SCRIPT_NAME": "", "PATH_INFO": "/a/chat/v1/models", "REQUEST_URI": "/a/chat/v1/models"],
        ["SCRIPT_NAME": "/a/chat/v1/models", "PATH_INFO": "/a/chat/v1/models", "REQUEST_URI": "/a/chat/v1/models"],
        ["DOCUMENT_URI": "/a/chat/v1/models"], ["REQUEST_URI": "/%61/chat/v1/models?a=b"],
    ]

    @Test("the operator's mount point wins over the web server's", arguments: sameURL)
    func mount(metaVariables: KeyValuePairs<String, String>) {
        let request = Request.make(metaVariables)
        #expect(request.path(below: ["a", "chat"]) == RequestPath(segments: ["v1", "models"], isExact: true))
        #expect(request.path(below: []) == RequestPath(segments: ["a", "chat", "v1", "models"], isExact: true))
        #expect(request.path(below: ["chat"]) == nil && request.path(below: ["a", "cha"]) == nil)
    }

    @Test("paths are compared by bytes, not by characters that look alike")
    func normalization() {
        #expect(Request.make(["REQUEST_URI": "/e%CC%81/x"]).path(below: ["\u{e9}"]) == nil)
    }

    @Test(
        "REQUEST_URI is percent-decoded once, and a broken escape is left as it is",
        arguments: [
            ("/a%20b", ["a b"]), ("/%E4%BD%A0", ["你"]), ("/%e4%bd%a0", ["你"]), ("/a%2520b", ["a%20b"]), ("/100%", ["100%"]),
            ("/%4", ["%4"]), ("/%zz/%", ["%zz", "%"]), ("/%%41", ["%A"]), ("/%+1/%-1", ["%+1", "%-1"]), ("/%ff", ["\u{FFFD}"]),
            ("/a+b", ["a+b"]), ("/a?%41", ["a"]), ("/%3Fa", ["?a"]), ("a", ["a"]),
        ])
    func escapes(uri: String, path: [String]) {
        #expect(Request.make(["REQUEST_URI": uri]).path(below: nil)?.segments == path)
    }

    @Test("a variable that the server has decoded is not decoded again", arguments: ["PATH_INFO", "SCRIPT_NAME", "DOCUMENT_URI"])
    func decodedAlready(name: String) {
        #expect(Request.make([name: "/100%41/a b"]).path(below: nil)?.segments == ["100%41", "a b"])
    }

    @Test("a header is found by its name in lower case; other variables are not headers")
    func header() {
        let request = Request.make([
            "HTTP_X_SESSION_KEY": "wx:dm:1", "HTTP_EMPTY": "", "CONTENT_TYPE": "text/plain", "HTTP_CONTENT_TYPE": "no",
            "CONTENT_LENGTH": "0",
            "HTTP_CONTENT_LENGTH": "no", "REMOTE_ADDR": "::1",
        ])
        #expect(request.header("x-session-key") == "wx:dm:1")
        #expect(request.header("empty") == "")
        #expect(request.header("content-type") == "text/plain")
        #expect(request.header("content-length") == "0")
        #expect(request.header("remote-addr") == nil && request.header("x-other") == nil)
        #expect(Request.make(["HTTP_CONTENT_TYPE": "no"]).header("content-type") == nil)
    }

    @Test("a repeated header is one list, in order")
    func repeated() {
        let request = Request.make(["HTTP_ACCEPT": "a", "HTTP_OTHER": "b", "HTTP_ACCEPT": "c, d"])
        #expect(request.header("accept") == "a, c, d")
    }

    @Test("the header Proxy is never passed on", arguments: ["proxy", "Proxy", "PROXY"])
    func proxy(name: String) {
        #expect(Request.make(["HTTP_PROXY": "http://evil"]).header(name) == nil)
    }

    @Test(
        "a query parameter is decoded as forms encode it; the first one counts; one without a value is empty",
        arguments: [
            ("a=1", "1"), ("b=2&a=1", "1"), ("a=1&a=2", "1"), ("a", ""), ("a=", ""), ("a=&a=2", ""), ("&&a=1&", "1"), ("a=b=c", "b=c"),
            ("a=x+y", "x y"), ("a=x%2By", "x+y"), ("a=%E4%BD%A0", "你"), ("a=%26%3D", "&="), ("%61=1", "1"), ("a=%", "%"), ("a=%4", "%4"),
            ("a=%zz", "%zz"), ("a=%ff", "\u{FFFD}"), ("a=%2541", "%41"), ("a=?a=b", "?a=b"), ("a=1;b=2", "1;b=2"), ("a=你", "你"),
            ("A=1", nil), ("", nil), ("=1", nil), ("ab=1", nil), ("b=a", nil), ("a+=1", nil),
        ] as [(String, String?)])
    func query(text: String, value: String?) {
        #expect(Request.make(["QUERY_STRING": text, "REQUEST_URI": "/?a=no"]).query("a") == value)
    }

    @Test("without QUERY_STRING there is no query parameter")
    func noQuery() {
        #expect(Request.make().query("a") == nil)
    }

    @Test("the method is as it was sent, or empty if it was not sent", arguments: ["GET", "post", ""])
    func method(method: String) {
        #expect(Request.make(["REQUEST_METHOD": method]).method == method)
        #expect(Request.make().method == "")
    }

    @Test(
        "a body shorter than CONTENT_LENGTH is incomplete; an invalid length is ignored",
        arguments: [
            ("4", true), ("0", true), ("3", true), ("", true), ("-1", true), ("x", true), ("4.5", true), ("0x10", true), ("5", false),
            ("9223372036854775807", false), ("99999999999999999999", true), (" 5", true),
        ])
    func length(contentLength: String, isComplete: Bool) {
        let request = Request.make(["CONTENT_LENGTH": contentLength], body: .complete([1, 2, 3, 4]))
        #expect(request.body == (isComplete ? .complete([1, 2, 3, 4]) : .incomplete))
    }

    @Test("without CONTENT_LENGTH the body is whatever was read")
    func noLength() {
        #expect(Request.make(body: .complete([1])).body == .complete([1]))
        #expect(Request.make().body == .complete([]))
    }

    @Test(
        "a failed body stays failed, whatever CONTENT_LENGTH says", arguments: [Request.Body.tooLarge, .incomplete],
        ["", "0", "5"])
    func wrong(body: Request.Body, contentLength: String) {
        #expect(Request.make(["CONTENT_LENGTH": contentLength], body: body).body == body)
    }
}
