import Testing

@testable import CGI

@Suite("Session keys in paths")
struct SessionPathTests {
    /// What the path may mean, as `key|rest`.
    private func paths(_ variables: KeyValuePairs<String, String>, mount: [String]? = nil) -> [String] {
        let request = Request.make(variables)
        guard let path = request.path(below: mount) else { return [] }
        return request.sessionPaths(in: path).map { "\($0.key)|\($0.path.segments.joined(separator: "/"))" }
    }

    /// The URI, the path as nginx and lighttpd decode it, and as Apache does; and the key.
    private static let keys: [(uri: String, path: String, apache: String, key: String)] = [
        ("/s/a/v1/models", "/s/a/v1/models", "/s/a/v1/models", "a"),
        ("/s/wx:dm:alice/v1/models/", "/s/wx:dm:alice/v1/models/", "/s/wx:dm:alice/v1/models/", "wx:dm:alice"),
        ("/s/wx%3Adm/v1/models?x=/s/b/", "/s/wx:dm/v1/models", "/s/wx:dm/v1/models", "wx:dm"),
        ("/s/a%2Fb/v1/models", "/s/a/b/v1/models", "/s/a%2Fb/v1/models", "a/b"),
        ("/s/a%2f%2Fb/v1/models", "/s/a/b/v1/models", "/s/a%2f%2Fb/v1/models", "a//b"),
        ("/s/a%2F..%2Fb/v1/models", "/s/b/v1/models", "/s/a%2F..%2Fb/v1/models", "a/../b"),
        ("/s/a%252Fb/v1/models", "/s/a%2Fb/v1/models", "/s/a%2Fb/v1/models", "a%2Fb"),
        ("/s/a+b%20c%2B/v1/models", "/s/a+b c+/v1/models", "/s/a+b c+/v1/models", "a+b c+"),
        ("/s/%E5%BE%AE%e4%bf%a1/v1/models", "/s/微信/v1/models", "/s/微信/v1/models", "微信"),
        ("/s/s/v1/models", "/s/s/v1/models", "/s/s/v1/models", "s"),
        ("/%73/a/v1//models", "/s/a/v1/models", "/s/a/v1/models", "a"),
        ("//x/../s/./a/v1/models", "/s/a/v1/models", "/s/a/v1/models", "a"),
        ("/s//v1/models", "/s/v1/models", "/s/v1/models", ""),
        ("/s/%ff/v1/models", "/s/\u{fffd}/v1/models", "/s/\u{fffd}/v1/models", "\u{fffd}"),
        ("/s/%zz/v1/models", "/s/%zz/v1/models", "/s/%zz/v1/models", "\u{fffd}"),
        ("/s/a%4/v1/models", "/s/a%4/v1/models", "/s/a%4/v1/models", "\u{fffd}"),
        ("http://host/s/a/v1/models", "/s/a/v1/models", "/s/a/v1/models", "a"),
    ]

    @Test("the key is what the client sent, however the web server decodes the path and wherever it mounts the program", arguments: keys)
    func key(uri: String, path: String, apache: String, key: String) {
        for path in [path, apache] {
            #expect(paths(["SCRIPT_NAME": "", "PATH_INFO": path, "REQUEST_URI": uri]) == ["\(key)|v1/models"], "\(path)")
            #expect(paths(["SCRIPT_NAME": "/chat", "PATH_INFO": path, "REQUEST_URI": "/chat" + uri]) == ["\(key)|v1/models"], "\(path)")
            #expect(paths(["SCRIPT_NAME": "/chat" + path, "REQUEST_URI": "/chat" + uri], mount: ["chat"]) == ["\(key)|v1/models"])
        }
    }

    @Test("where the mount point is not known, every place is one where a key may stand")
    func inexact() {
        #expect(paths(["SCRIPT_NAME": "/s/s/a/models", "REQUEST_URI": "/s/s/a/models"]) == ["s|a/models", "a|models"])
        #expect(paths(["REQUEST_URI": "/x/s/a%2Fb/models"]) == ["a/b|models"])
    }

    @Test("a path that an operator has rewritten counts, not the one that the client sent")
    func rewritten() {
        #expect(paths(["SCRIPT_NAME": "", "PATH_INFO": "/s/a/v1/models", "REQUEST_URI": "/bot/v1/models"]) == ["a|v1/models"])
        #expect(paths(["SCRIPT_NAME": "", "PATH_INFO": "/s/a/v1/models", "REQUEST_URI": "/s/b/v1/models"]) == ["a|v1/models"])
        #expect(paths(["SCRIPT_NAME": "", "PATH_INFO": "/s/a/v1/models"]) == ["a|v1/models"])
    }

    @Test(
        "other paths name no session",
        arguments: ["/", "/s", "/s/", "/s/a", "/s/a/", "/v1/models", "/S/a/v1/models", "/x/s/a/models", "/s%2Fa/v1/models"])
    func none(path: String) {
        #expect(paths(["SCRIPT_NAME": "", "PATH_INFO": path, "REQUEST_URI": path]) == [])
    }

    @Test("a long path costs nothing, and names no session")
    func long() {
        for piece in ["s/", "%2F", "../", "s%2F"] {
            let path = "/s/a/" + String(repeating: piece, count: 20_000)
            #expect(paths(["REQUEST_URI": path]) == [])
        }
        let key = String(repeating: "%E5", count: 512)
        #expect(paths(["SCRIPT_NAME": "", "PATH_INFO": "/x", "REQUEST_URI": "/s/\(key)/v1/models"]).count == 0)
        #expect(paths(["REQUEST_URI": "/s/\(key)/v1/models"]).count == 1)
    }
}
