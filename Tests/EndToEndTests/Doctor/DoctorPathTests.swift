import Foundation
import Glibc
import Harness
import Testing

@Suite("nanobot doctor, and what does not lead to the program")
struct DoctorPathTests {
    private static func location(_ path: String, _ site: CheckedSite) -> String {
        "location \(path) { include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(site.socket); }"
    }

    @Test("a path where the web server serves something else is reported, with a location to add")
    func otherPath() async throws {
        try await CheckedSite.run(.nginx, { Self.location("/chat/", $0) }) { site in
            let remedy = try await site.doctor("/bot").expectProblems(["path"])
            #expect(remedy.contains("location /bot/ {"))
            try await site.doctor("/chat").expectProblems([])
            try await site.doctor("/chat/v1/").expectProblems([])
        }
    }

    @Test("an unknown kind of web server gets the lines for each known kind")
    func unknownServer() async throws {
        try await CheckedSite.run(.apache, { _ in "Header always unset Server\nServerTokens Prod" }) { site in
            let remedy = try await site.doctor("/chat").expectProblems(["path"])
            #expect(remedy.contains { $0.contains("ProxyPass \"/chat/\"") })
        }
    }

    @Test("a redirect, a program that does not run and a path that is not passed on are told apart")
    func otherAnswers() async throws {
        let text = { (site: CheckedSite) in
            """
            location /moved/ { return 301 https://example.org/chat/health; }
            location /down/ { include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(site.home.path)/nobody.sock; }
            location /lost/ { fastcgi_param REQUEST_METHOD GET; fastcgi_pass unix:\(site.socket); }
            """
        }
        try await CheckedSite.run(.nginx, text) { site in
            let moved = try await site.doctor("/moved").expectProblems(["path"])
            #expect(moved.contains { $0.contains("nanobot doctor https://example.org/chat") })
            let down = try await site.doctor("/down").expectProblems(["path"])
            #expect(down.contains { $0.contains("nanobot fastcgi --supervise --socket") })
            let lost = try await site.doctor("/lost").expectProblems(["path"])
            #expect(lost.contains("include fastcgi_params;"))
        }
        try await Diagnosis(try TemporaryDirectory(), ["http://127.0.0.1:\(try Port.reserve())"]).expectProblems(["path"])
    }

    @Test("a responder with another data directory is recognized")
    func otherDirectory() async throws {
        try await CheckedSite.run(.nginx, dataDirectory: "other", { Self.location("/", $0) }) { site in
            try FileManager.default.createDirectory(atPath: site.dataDirectory, withIntermediateDirectories: false)
            let diagnosis = try await site.doctor()
            diagnosis.expectProblems(["web server"])
            #expect(diagnosis.problems[0].text.contains(site.dataDirectory))
        }
    }

    @Test("the doctor's paths are not found without its token")
    func noToken() async throws {
        try await Server.run(.nginx) { server in
            let nothing = try await server.send("GET", "/v1/nothing")
            #expect(nothing.status == 404)
            let token = String(repeating: "0", count: 64)
            for path in ["/v1/doctor", "/v1/doctor/\(token)", "/v1/doctor/\(token)/stream", "/v1/doctor/\(token)/wait/600", "/doctor/x"]
                + ["view", "append", "replace", "remove", "lock", "x"].map({ "/v1/doctor/\(token)/peer/\($0)" })
            {
                for method in ["GET", "POST", "OPTIONS"] {
                    let response = try await server.send(method, path)
                    #expect(response.status == 404 && response.body == nothing.body)
                }
            }
        }
    }

    @Test("a data directory that the web server serves is reported and refused, and the suggested line hides it")
    func servedData() async throws {
        func text(_ line: String) -> (CheckedSite) -> String {
            { site in
                """
                \(line)
                location / { try_files $uri @nanobot; }
                location @nanobot { include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(site.socket); }
                """
            }
        }
        var remedy: [String] = []
        try await CheckedSite.run(.nginx, dataDirectory: "www/data", text("")) { site in
            try FileManager.default.createSymbolicLink(atPath: site.dataDirectory, withDestinationPath: site.documentRoot + "/data")
            remedy = try await site.doctor("/chat").expectProblems(["path", "data over HTTP", "document root"])
            // What is allowed on purpose is no problem, but for everyone to see it.
            let allowed = ["NANOBOT_STORAGE_ALLOW_IN_DOCUMENT_ROOT": "true"]
            let diagnosis = try await site.doctor(environment: allowed)
            diagnosis.expectProblems(["path", "data over HTTP"])
            #expect(diagnosis.findings("document root").map(\.level) == ["warning"])
        }
        let line = try #require(remedy.first { $0.hasPrefix("location ") })
        try await CheckedSite.run(.nginx, dataDirectory: "www/data", text(line)) { site in
            try FileManager.default.createSymbolicLink(atPath: site.dataDirectory, withDestinationPath: site.documentRoot + "/data")
            try await site.doctor("/chat").expectProblems(["path", "document root"])
        }
    }

    @Test("a site over CGI gets every check, and an Authorization header that Apache withholds is reported")
    func commonGateway() async throws {
        let text = { (isMended: Bool) in
            { (site: CheckedSite) in
                """
                ScriptAlias "/chat/" "\(site.home.path)/nanobot/"
                SetEnv NANOBOT_DATA_DIR \(site.dataDirectory)
                SetEnv NANOBOT_STREAM true
                \(isMended ? "<Location \"/\">\nCGIPassAuth On\n</Location>" : "")
                """
            }
        }
        for isMended in [false, true] {
            try await CheckedSite.run(.apache, dataDirectory: "other", text(isMended)) { site in
                // As the web server's other user can run it and own its data, where root starts it. By another process: one that writes a
                // program must not be around when it runs (ETXTBSY).
                let owner = geteuid() == 0 ? "www-data" : "\(geteuid())"
                let script =
                    "cp '\(Nanobot.path)' '\(site.home.path)/nanobot' && mkdir '\(site.dataDirectory)' && chown \(owner) '\(site.dataDirectory)'"
                let copied = try await Program.run("sh", ["-c", script])
                #expect(copied.status == 0, "\(copied.standardError)")
                let diagnosis = try await site.doctor("/chat")
                let remedy = diagnosis.expectProblems(isMended ? [] : ["authorization"])
                #expect(isMended || remedy.contains("CGIPassAuth On"))
                #expect(diagnosis.findings("streams").map(\.level) == ["ok"], "\(diagnosis)")
                #expect(diagnosis.findings("user").map(\.level) == (geteuid() == 0 ? ["warning"] : []))
            }
        }
    }
}
