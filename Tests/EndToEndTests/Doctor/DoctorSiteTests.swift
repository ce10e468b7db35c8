import Foundation
import Testing

@Suite("nanobot doctor and web servers")
struct DoctorSiteTests {
    private static let streaming = ["NANOBOT_STREAM": "true"]

    /// A location of nginx as Debian's users have it, and more lines in it.
    private static func location(_ path: String = "/", _ lines: [String] = []) -> (CheckedSite) -> String {
        { site in
            "location \(path) { include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(site.socket); \(lines.joined(separator: "\n")) }"
        }
    }

    private static func lighttpd(_ lines: [String] = []) -> (CheckedSite) -> String {
        { site in
            #"fastcgi.server = ( "/" => (( "socket" => "\#(site.socket)", "check-local" => "disable", "fix-root-scriptname" => "enable" )) )"#
                + "\n" + lines.joined(separator: "\n")
        }
    }

    private static func apache(_ options: String, _ lines: [String] = []) -> (CheckedSite) -> String {
        { site in "ProxyPass \"/\" \"unix:\(site.socket)|fcgi://nanobot/\" \(options)\n" + lines.joined(separator: "\n") }
    }

    @Test("the doctor finds nothing wrong with a good site and leaves nothing behind", arguments: CheckedSite.Front.allCases)
    func healthy(front: CheckedSite.Front) async throws {
        let shipped = Nanobot.deploy + "/apache/nanobot.conf"
        let text: (CheckedSite) -> String =
            switch front {
            case .nginx: Self.location()
            case .lighttpd: Self.lighttpd(["server.stream-response-body = 1"])
            case .apache: { "Define NANOBOT_SOCKET \($0.socket)\nInclude \(shipped)" }
            }
        try await CheckedSite.run(front, environment: Self.streaming, text) { site in
            // The responder counts its requests.
            let names = {
                try FileManager.default.contentsOfDirectory(atPath: site.dataDirectory).filter { $0 != "metrics" }.sorted()
            }
            let before = try names()
            let diagnosis = try await site.doctor()
            diagnosis.expectProblems([])
            for name in [
                "configuration", "data directory", "upstream", "path", "data over HTTP", "session header", "authorization", "query",
                "document root", "cache", "body", "streams", "time limit",
            ] {
                let levels = diagnosis.findings(name).map(\.level)
                #expect(levels.contains("ok"), "\(name): \(diagnosis)")
            }
            #expect(diagnosis.findings("path")[0].text.lowercased().contains(front.rawValue))
            let left = try names()
            #expect(left == before)
        }
    }

    /// What is wrong with an nginx, and the findings that say so. What is only refused to be changed stays when it is mended.
    private static let faults: [(fault: String, stays: String, names: [String])] = [
        (#"fastcgi_param HTTP_X_SESSION_KEY "";"#, "", ["session header"]),
        (#"fastcgi_param HTTP_AUTHORIZATION "";"#, "", ["authorization"]),
        ("fastcgi_pass_request_headers off;", "", ["session header", "authorization"]),
        ("", "fastcgi_ignore_headers X-Accel-Buffering;", ["streams"]),
        ("fastcgi_read_timeout 1s;", "", ["time limit"]),
        ("client_max_body_size 128k;", "", ["body"]),
        (
            "fastcgi_cache fastcgi; fastcgi_cache_key $request_uri; fastcgi_cache_valid any 10m;",
            "fastcgi_ignore_headers Cache-Control Vary;", ["cache"]
        ),
    ]

    @Test("each mistake in nginx's configuration is reported with the lines that fix it", arguments: faults)
    func nginx(fault: String, stays: String, names: [String]) async throws {
        var remedy: [String] = []
        try await CheckedSite.run(.nginx, environment: Self.streaming, Self.location("/", [fault, stays])) { site in
            remedy = try await site.doctor().expectProblems(names)
            for place in remedy.filter({ $0.hasSuffix(":") }) { #expect(place.hasPrefix("nginx, ")) }
        }
        let lines = Set(remedy.filter { $0.hasSuffix(";") }).sorted()
        try await CheckedSite.run(.nginx, environment: Self.streaming, Self.location("/", [stays] + lines)) { site in
            try await site.doctor().expectProblems([])
        }
    }

    @Test("a query that nginx withholds is reported with the line that fixes it")
    func query() async throws {
        func text(_ line: String) -> (CheckedSite) -> String {
            { site in
                """
                location / {
                    fastcgi_pass unix:\(site.socket); fastcgi_param REQUEST_METHOD $request_method;
                    fastcgi_param REQUEST_URI $request_uri; \(line)
                }
                """
            }
        }
        var remedy: [String] = []
        try await CheckedSite.run(.nginx, text("")) { remedy = try await $0.doctor().expectProblems(["query"]) }
        try await CheckedSite.run(.nginx, text(remedy.last ?? "")) { try await $0.doctor().expectProblems([]) }
    }

    @Test("buffered streams are only a warning while streaming is off")
    func unusedStreams() async throws {
        try await CheckedSite.run(.nginx, Self.location("/", ["fastcgi_ignore_headers X-Accel-Buffering;"])) { site in
            let diagnosis = try await site.doctor()
            diagnosis.expectProblems([])
            #expect(diagnosis.findings("streams").map(\.level) == ["warning"])
        }
    }

    @Test("a lighttpd that buffers streams is reported with the line that fixes it")
    func lighttpdStreams() async throws {
        var remedy: [String] = []
        try await CheckedSite.run(.lighttpd, environment: Self.streaming, Self.lighttpd()) { site in
            remedy = try await site.doctor().expectProblems(["streams"])
            #expect(remedy.first?.hasPrefix("lighttpd, ") == true)
        }
        try await CheckedSite.run(.lighttpd, environment: Self.streaming, Self.lighttpd([remedy[1]])) { site in
            try await site.doctor().expectProblems([])
        }
    }

    @Test("an Apache that buffers streams is reported with the line that fixes it")
    func apacheStreams() async throws {
        let header = "<Location \"/\">\nCGIPassAuth On\n</Location>"
        var remedy: [String] = []
        try await CheckedSite.run(.apache, environment: Self.streaming, Self.apache("timeout=600", [header])) { site in
            remedy = try await site.doctor().expectProblems(["streams"])
        }
        let line = try #require(remedy.first { $0.hasPrefix("ProxyPass ") })
        let text = { (site: CheckedSite) in line.replacing("/run/nanobot/socket", with: site.socket) + "\n" + header }
        try await CheckedSite.run(.apache, environment: Self.streaming, text) { site in
            try await site.doctor().expectProblems([])
        }
    }

    @Test("an Apache that withholds Authorization and the session header is reported with the lines that fix it")
    func apacheHeaders() async throws {
        let fault = "RequestHeader unset x-session-key"
        var remedy: [String] = []
        try await CheckedSite.run(.apache, Self.apache("flushpackets=on", [fault])) { site in
            remedy = try await site.doctor().expectProblems(["session header", "authorization"])
            #expect(remedy.contains("CGIPassAuth On"))
        }
        let lines = remedy.filter { $0.hasPrefix("SetEnvIf") }
        #expect(lines.count == 2)
        try await CheckedSite.run(.apache, Self.apache("flushpackets=on", [fault] + lines)) { site in
            try await site.doctor().expectProblems([])
        }
    }

    @Test("a limit of lighttpd's on bodies is reported with the line that fixes it")
    func bodyLimit() async throws {
        let text = { (line: String) in Self.lighttpd(["server.stream-response-body = 1", line]) }
        var remedy: [String] = []
        try await CheckedSite.run(.lighttpd, text("server.max-request-size = 128")) {
            remedy = try await $0.doctor().expectProblems(["body"])
        }
        let line = try #require(remedy.first { $0.hasPrefix("server.max-request-size") })
        try await CheckedSite.run(.lighttpd, text(line)) { try await $0.doctor().expectProblems([]) }
    }

    @Test("a document root that is the root of the file system is reported with a line that gives another, not another data directory")
    func rootOfAll() async throws {
        let text = { (site: CheckedSite) in
            """
            location / {
                fastcgi_pass unix:\(site.socket); fastcgi_param REQUEST_METHOD $request_method; fastcgi_param REQUEST_URI $request_uri;
                fastcgi_param QUERY_STRING $query_string; fastcgi_param DOCUMENT_ROOT /;
            }
            """
        }
        try await CheckedSite.run(.nginx, text) { site in
            let findings = try await site.doctor().findings("document root")
            #expect(findings.map(\.level) == ["problem"])
            #expect(findings.flatMap(\.remedy).contains("root /var/www/html;"))
            #expect(!findings.flatMap(\.remedy).contains { $0.contains("dataDir") })
        }
    }

    @Test("a time limit of Apache's is reported, and on request the doctor waits for one as long as a turn")
    func apacheTimeout() async throws {
        let authorization = "SetEnvIf Authorization .+ HTTP_AUTHORIZATION=$0"
        try await CheckedSite.run(.apache, Self.apache("flushpackets=on timeout=5", [authorization])) { site in
            try await site.doctor().expectProblems([])
            let limit = ["NANOBOT_SESSION_BUSY_TIMEOUT": "3"]
            let remedy = try await site.doctor(environment: limit, ["--timeout-check"]).expectProblems(["time limit"])
            #expect(remedy.contains("ProxyTimeout 600"))
        }
    }
}
