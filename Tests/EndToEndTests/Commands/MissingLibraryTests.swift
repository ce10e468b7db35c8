import Testing

@Suite("A host without libcurl")
struct MissingLibraryTests {
    @Test(
        "a host without libcurl serves the built-in model, and an upstream's error names the package to install", arguments: [false, true])
    func missing(asksUpstream: Bool) async throws {
        // Where this user may not hide files, the loader's own test has to do.
        guard try await MountNamespace.isAvailable() else { return }
        let environment = asksUpstream ? ["NANOBOT_UPSTREAM_URL": "http://127.0.0.1:1/v1"] : [:]
        let wrapper = MountNamespace.wrapper(hiding: Set(HostCurl.files).sorted())
        try await Site.run(wrapper: wrapper, environment: environment) { site in
            let server = try site.server
            #expect(try await server.send("GET", "/health").status == 200)
            let status = try await server.chat("Hello", session: "a").status
            if asksUpstream {
                #expect(status >= 500)
                #expect(site.responder().standardError.contains("libcurl cannot be loaded. What helps: apt-get install libcurl4"))
            } else {
                #expect(status == 200)
            }
        }
    }
}
