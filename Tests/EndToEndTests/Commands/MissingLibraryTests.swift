import Foundation
import Testing

@Suite("A host without libcurl")
struct MissingLibraryTests {
    private static let directories = ["/lib", "/usr/lib", "/lib64", "/usr/lib64"].flatMap { [$0, "\($0)/\(machine)-linux-gnu"] }

    private static var machine: String {
        #if arch(arm64)
            "aarch64"
        #else
            "x86_64"
        #endif
    }

    /// The files of every libcurl of this host.
    private static var libraries: [String] {
        directories.flatMap { directory in
            ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).filter {
                $0.hasPrefix("libcurl") && $0.contains(".so.")
            }
            .map { URL(filePath: "\(directory)/\($0)").resolvingSymlinksInPath().path }
        }
    }

    @Test(
        "a host without libcurl serves the built-in model, and an upstream's error names the package to install", arguments: [false, true])
    func missing(asksUpstream: Bool) async throws {
        // Where this user may not hide files, the loader's own test has to do.
        guard try await MountNamespace.isAvailable() else { return }
        let environment = asksUpstream ? ["NANOBOT_UPSTREAM_URL": "http://127.0.0.1:1/v1"] : [:]
        let wrapper = MountNamespace.wrapper(hiding: Set(Self.libraries).sorted())
        try await Site.run(wrapper: wrapper, environment: environment) { site in
            let server = try site.server
            #expect(try await server.send("GET", "/health").status == 200)
            let status = try await server.chat("Hello", session: "a").status
            if asksUpstream {
                #expect(status >= 500)
                #expect(site.responder().standardError.contains("install Debian's package libcurl4"))
            } else {
                #expect(status == 200)
            }
        }
    }
}
