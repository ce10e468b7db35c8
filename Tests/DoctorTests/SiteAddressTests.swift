import SystemPackage
import Testing

@testable import Doctor

@Suite("The address of a site")
struct SiteAddressTests {
    @Test(
        "a site's address is read from a URL, with or without a scheme",
        arguments: [
            ("https://example.org/chat", "https://example.org/chat", "https://example.org/chat/health"),
            ("example.org", "http://example.org", "http://example.org/health"),
            ("http://127.0.0.1:8080/a//b/", "http://127.0.0.1:8080/a/b", "http://127.0.0.1:8080/a/b/health"),
            ("http://me:word@[::1]:80/", "http://[::1]:80", "http://me:word@[::1]:80/health"),
        ])
    func addresses(text: String, description: String, url: String) throws {
        let site = try #require(SiteAddress(text))
        #expect(site.description == description)
        #expect(site.url("health") == url)
        #expect(!site.shown("/x/").contains("word") && site.shown("/x/").hasSuffix("/x/"))
    }

    @Test(
        "text that is not a URL is not a site's address",
        arguments: ["", "ftp://x", "http://", "http://unix:/x.sock:/", "http://x/?a", "http://x/#a", "a b"])
    func others(text: String) { #expect(SiteAddress(text) == nil) }

    @Test("the data directory is looked for below the site's path and each path above it")
    func exposedPaths() throws {
        let site = try #require(SiteAddress("http://x/a"))
        #expect(
            ExposureCheck.paths(of: "/nonexistent/my data", at: site) == [
                "/a/", "/a/my%20data/", "/a/nonexistent/my%20data/", "/", "/my%20data/", "/nonexistent/my%20data/",
            ])
        let deep = try #require(SiteAddress("http://x/" + (1...20).map(String.init).joined(separator: "/")))
        #expect(ExposureCheck.paths(of: FilePath("/" + (1...20).map(String.init).joined(separator: "/")), at: deep).count <= 63)
    }
}
