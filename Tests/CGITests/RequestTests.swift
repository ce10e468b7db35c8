import CGI
import Testing

@Suite("Request")
struct RequestTests {
    /// What a web server sends for one request, as far as the path goes.
    struct Route: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let metaVariables: KeyValuePairs<String, String>
        var path = ["v1", "chat", "completions"]
    }

    private static let routes = [
        Route(
            testDescription: "nginx with fastcgi_params",
            metaVariables: [
                "SCRIPT_NAME": "/v1/chat/completions", "REQUEST_URI": "/v1/chat/completions?a=/b", "DOCUMENT_URI": "/v1/chat/completions",
            ]),
        Route(
            testDescription: "nginx with fastcgi_split_path_info",
            metaVariables: ["SCRIPT_NAME": "/api", "PATH_INFO": "/v1/chat/completions", "REQUEST_URI": "/api/v1/chat/completions"]),
        Route(
            testDescription: "nginx with an empty PATH_INFO",
            metaVariables: ["PATH_INFO": "", "SCRIPT_NAME": "/v1/chat/completions", "REQUEST_URI": "/x"]),
        Route(
            testDescription: "lighttpd with check-local disabled",
            metaVariables: ["SCRIPT_NAME": "/v1/chat/completions", "PATH_INFO": "", "REQUEST_URI": "/v1/chat/completions"]),
        Route(
            testDescription: "lighttpd with fix-root-scriptname",
            metaVariables: ["SCRIPT_NAME": "", "PATH_INFO": "/v1/chat/completions", "REQUEST_URI": "/v1/chat/completions"]),
        Route(
            testDescription: "Apache with ScriptAlias",
            metaVariables: [
                "SCRIPT_NAME": "/cgi-bin/nanobot", "PATH_INFO": "/v1/chat/completions", "PATH_TRANSLATED": "/srv/v1/chat/completions",
                "REQUEST_URI": "/cgi-bin/nanobot/v1/chat/completions",
            ]),
        Route(
            testDescription: "Apache with ProxyPass",
            metaVariables: ["SCRIPT_NAME": "/v1/chat/completions", "REQUEST_URI": "/v1/chat/completions"]),
        Route(testDescription: "DOCUMENT_URI alone", metaVariables: ["DOCUMENT_URI": "/v1/chat/completions"]),
        Route(testDescription: "REQUEST_URI alone", metaVariables: ["REQUEST_URI": "/v1/chat%2Fcompletions?model=/x%20y"]),
        Route(testDescription: "a PATH_INFO of / says nothing", metaVariables: ["PATH_INFO": "/", "SCRIPT_NAME": "/v1/chat/completions"]),
        Route(testDescription: "empty segments", metaVariables: ["PATH_INFO": "//v1///chat/completions/"]),
        Route(testDescription: "the root", metaVariables: ["SCRIPT_NAME": "/", "REQUEST_URI": "/?a=b"], path: []),
        Route(testDescription: "nothing at all", metaVariables: [:], path: []),
    ]

    @Test("the path is found where each web server puts it", arguments: routes)
    func path(route: Route) {
        #expect(Request.make(route.metaVariables).path == route.path)
    }

    @Test(
        "REQUEST_URI is percent-decoded once, and a broken escape is left as it is",
        arguments: [
            ("/a%20b", ["a b"]), ("/%E4%BD%A0", ["你"]), ("/%e4%bd%a0", ["你"]), ("/a%2520b", ["a%20b"]), ("/100%", ["100%"]),
            ("/%4", ["%4"]), ("/%zz/%", ["%zz", "%"]), ("/%%41", ["%A"]), ("/%+1/%-1", ["%+1", "%-1"]), ("/%ff", ["\u{FFFD}"]),
            ("/a+b", ["a+b"]), ("/a?%41", ["a"]), ("/%3Fa", ["?a"]), ("a", ["a"]),
        ])
    func escapes(uri: String, path: [String]) {
        #expect(Request.make(["REQUEST_URI": uri]).path == path)
    }

    @Test("what the server has decoded is not decoded again", arguments: ["PATH_INFO", "SCRIPT_NAME", "DOCUMENT_URI"])
    func decodedAlready(name: String) {
        #expect(Request.make([name: "/100%41/a b"]).path == ["100%41", "a b"])
    }

    @Test("a header is found by its name in lower case; there is none by another variable's name")
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

    @Test("the header Proxy is never there", arguments: ["proxy", "Proxy", "PROXY"])
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

    @Test("the method is as it was sent, and empty where it was not", arguments: ["GET", "post", ""])
    func method(method: String) {
        #expect(Request.make(["REQUEST_METHOD": method]).method == method)
        #expect(Request.make().method == "")
    }

    @Test(
        "a body shorter than CONTENT_LENGTH is incomplete; a length that is none counts for nothing",
        arguments: [
            ("4", true), ("0", true), ("3", true), ("", true), ("-1", true), ("x", true), ("4.5", true), ("0x10", true), ("5", false),
            ("9223372036854775807", false), ("99999999999999999999", true), (" 5", true),
        ])
    func length(contentLength: String, isComplete: Bool) {
        let request = Request.make(["CONTENT_LENGTH": contentLength], body: .complete([1, 2, 3, 4]))
        #expect(request.body == (isComplete ? .complete([1, 2, 3, 4]) : .incomplete))
    }

    @Test("without CONTENT_LENGTH a body is what was read, and none is empty")
    func noLength() {
        #expect(Request.make(body: .complete([1])).body == .complete([1]))
        #expect(Request.make().body == .complete([]))
    }

    @Test(
        "what went wrong with a body is kept, whatever CONTENT_LENGTH says", arguments: [Request.Body.tooLarge, .incomplete],
        ["", "0", "5"])
    func wrong(body: Request.Body, contentLength: String) {
        #expect(Request.make(["CONTENT_LENGTH": contentLength], body: body).body == body)
    }
}
