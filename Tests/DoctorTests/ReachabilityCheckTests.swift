import Testing

@testable import Doctor
@testable import HTTPClient

@Suite("The check of a site's path")
struct ReachabilityCheckTests {
    private func check(_ response: String, site: String = "http://me:word@x/chat") throws -> ReachabilityCheck {
        let text = response.replacing("\n", with: "\r\n")
        return ReachabilityCheck(HTTPResponse(Array(text.utf8)), from: try #require(SiteAddress(site)))
    }

    private static let ours = "X-Request-Id: req_1\nContent-Type: application/json\n"

    @Test("nanobot is recognised by its response, and the web server by its name")
    func found() throws {
        let check = try check("HTTP/1.1 200 OK\nServer: nginx/1.22.1\n\n" + #"{"status":"ok"}"#)
        #expect(check.isOpen && check.isServing && check.server == "nginx/1.22.1")
        #expect(check.diagnostics == [.ok("path: nanobot answers at http://x/chat, through nginx/1.22.1")])
    }

    @Test("a nanobot that cannot serve is checked further")
    func broken() throws {
        let check = try check("HTTP/1.1 500 Internal Server Error\n\(Self.ours)\n{}")
        #expect(check.isOpen && !check.isServing)
        #expect(check.diagnostics.map(\.level) == [.problem])
    }

    @Test(
        "whatever answers instead of nanobot is named, with the lines that lead to nanobot",
        arguments: [
            ("HTTP/1.1 404 Not Found\n\(ours)\n{}", "the web server does not tell it the path", "    include fastcgi_params;"),
            ("HTTP/1.1 404 Not Found\nServer: nginx\n\nNo", "http://x/chat/health is not nanobot's (status 404)", "    location /chat/ {"),
            ("HTTP/1.1 200 OK\nServer: nginx\n\n<html>", "http://x/chat/health is not nanobot's (status 200)", "    location /chat/ {"),
            ("HTTP/1.1 500 Oops\nServer: nginx\n\nNo", "is not nanobot's (status 500)", "    location /chat/ {"),
            ("HTTP/1.1 502 Bad Gateway\nServer: nginx\n\n", "does not reach nanobot (status 502)", "    include fastcgi_params;"),
            (
                "HTTP/1.1 301 Moved\nLocation: https://y/chat/health\n\n", "redirects http://x/chat (status 301)",
                "give the URL that it names: nanobot doctor https://y/chat"
            ),
            ("HTTP/1.1 304 Not Modified\n\n", "redirects http://x/chat (status 304)", "give the URL that it names"),
            ("", "is not nanobot's (status 0)", "    location /chat/ {"),
        ])
    func others(response: String, text: String, line: String) throws {
        let check = try check(response)
        #expect(!check.isOpen && !check.isServing)
        #expect(check.diagnostics.count == 1 && check.diagnostics[0].level == .problem)
        #expect(check.diagnostics[0].text.contains(text), "\(check.diagnostics)")
        #expect(check.diagnostics[0].fix.contains(line), "\(check.diagnostics)")
        #expect(!check.diagnostics[0].lines.contains("word"))
    }
}
