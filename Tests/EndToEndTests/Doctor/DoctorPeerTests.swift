import Foundation
import Glibc
import Harness
import Testing

@Suite("nanobot doctor and another host on the same data directory")
struct DoctorPeerTests {
    private static let checks = ["names", "appends", "locks", "clocks"]

    private static func location(_ site: CheckedSite) -> String {
        "location / { include /etc/nginx/fastcgi_params; fastcgi_pass unix:\(site.socket); }"
    }

    private func diagnosis(_ site: CheckedSite, _ environment: [String: String] = [:]) async throws -> Diagnosis {
        try await Diagnosis(
            site.home, ["--data-dir", site.dataDirectory, "--peer", "http://127.0.0.1:\(site.port)"], environment: environment)
    }

    @Test("two responders on one directory pass every check, and nothing is left behind")
    func healthy() async throws {
        try await Site.run(responders: 2) { site in
            let data = site.home.path + "/data"
            let names = { try FileManager.default.contentsOfDirectory(atPath: data).filter { $0 != "metrics" }.sorted() }
            let before = try names()
            let url = "http://127.0.0.1:\(site.port)"
            let diagnosis = try await Diagnosis(site.home, ["--data-dir", data, url + "/1", "--peer", url + "/2"])
            diagnosis.expectProblems([])
            for name in Self.checks + ["mount"] { #expect(diagnosis.findings(name).map(\.level) == ["ok"], "\(name): \(diagnosis)") }
            // Both are on this host, which tells nothing of two.
            #expect(diagnosis.findings("peer").map(\.level) == ["warning"])
            #expect(try names() == before)
        }
    }

    @Test("a responder behind each web server can be the other side", arguments: CheckedSite.Front.allCases)
    func fronts(front: CheckedSite.Front) async throws {
        let text: (CheckedSite) -> String =
            switch front {
            case .nginx: Self.location
            case .lighttpd:
                { #"fastcgi.server = ( "/" => (( "socket" => "\#($0.socket)", "check-local" => "disable" )) )"# }
            case .apache: { "ProxyPass \"/\" \"unix:\($0.socket)|fcgi://nanobot/\"" }
            }
        try await CheckedSite.run(front, text) { site in
            let diagnosis = try await diagnosis(site)
            diagnosis.expectProblems([])
            for name in Self.checks { #expect(diagnosis.findings(name).map(\.level) == ["ok"], "\(name): \(diagnosis)") }
        }
    }

    @Test("a responder over CGI, of another user, can be the other side")
    func commonGateway() async throws {
        let text = { (site: CheckedSite) in
            "ScriptAlias \"/chat/\" \"\(site.home.path)/nanobot/\"\nSetEnv NANOBOT_DATA_DIR \(site.dataDirectory)"
        }
        try await CheckedSite.run(.apache, dataDirectory: "other", text) { site in
            let owner = geteuid() == 0 ? "www-data" : "\(geteuid())"
            let script = "cp '\(Nanobot.path)' nanobot && mkdir -m 700 '\(site.dataDirectory)' && chown \(owner) '\(site.dataDirectory)'"
            let copied = try await Program.run("sh", ["-c", "cd '\(site.home.path)' && " + script])
            #expect(copied.status == 0, "\(copied.standardError)")
            let url = "http://127.0.0.1:\(site.port)/chat"
            let diagnosis = try await Diagnosis(site.home, ["--data-dir", site.dataDirectory, "--peer", url])
            diagnosis.expectProblems([])
            for name in Self.checks { #expect(diagnosis.findings(name).map(\.level) == ["ok"], "\(name): \(diagnosis)") }
        }
    }

    @Test("a responder with another data directory is told, with what to look at")
    func otherDirectory() async throws {
        try await CheckedSite.run(.nginx, dataDirectory: "other", Self.location) { site in
            try FileManager.default.createDirectory(atPath: site.dataDirectory, withIntermediateDirectories: false)
            let diagnosis = try await diagnosis(site)
            let remedy = diagnosis.expectProblems(["peer"])
            #expect(diagnosis.problems[0].text.hasSuffix("does not have the data directory \(site.dataDirectory)"))
            #expect(remedy.contains { $0.hasPrefix("findmnt -T ") })
            for name in Self.checks { #expect(diagnosis.findings(name).isEmpty) }
        }
        let home = try TemporaryDirectory()
        let nobody = try await Diagnosis(home, ["--data-dir", home.path, "--peer", "http://127.0.0.1:\(try Port.reserve())"])
        nobody.expectProblems(["path"])
    }

    @Test("locks that keep out nobody on the other host are reported from both sides", arguments: [true, false])
    func localLocks(areThere: Bool) async throws {
        let local = ["LD_PRELOAD": TestLibrary.path("LocalLocks")]
        try await CheckedSite.run(.nginx, environment: areThere ? local : [:], Self.location) { site in
            let diagnosis = try await diagnosis(site, areThere ? [:] : local)
            diagnosis.expectProblems(["locks", "locks"])
            let place = "at http://127.0.0.1:\(site.port)"
            #expect(diagnosis.problems[0].text.hasPrefix("locks: one that is held here does not keep out \(place)"))
            #expect(diagnosis.problems[1].text.hasPrefix("locks: one that is held \(place) does not keep out here"))
        }
    }

    @Test("clocks that are apart are reported, and so is one that is too far off for the doctor's token")
    func clocks() async throws {
        func environment(_ seconds: Int) -> [String: String] {
            ["LD_PRELOAD": TestLibrary.path("WrongClock"), "WRONG_CLOCK_SECONDS": "\(seconds)"]
        }
        try await CheckedSite.run(.nginx, environment: environment(-90), Self.location) { site in
            let diagnosis = try await diagnosis(site)
            diagnosis.expectProblems([])
            let clocks = diagnosis.findings("clocks")
            #expect(clocks.map(\.level) == ["warning"] && clocks[0].text.contains(" ms behind"), "\(diagnosis)")
            #expect(clocks[0].remedy.contains { $0.hasPrefix("timedatectl ") })
        }
        try await CheckedSite.run(.nginx, environment: environment(3600), Self.location) { site in
            try FileManager.default.createDirectory(atPath: site.dataDirectory, withIntermediateDirectories: true)
            let remedy = try await diagnosis(site).expectProblems(["peer"])
            #expect(remedy.contains { $0.hasPrefix("date ") })
        }
    }

    @Test("another directory of this host is told from the same one, and from the same mount")
    func directories() async throws {
        let data = try DataDirectory()
        let (home, path) = (data.home, data.home.path + "/data")
        chmod(path, 0o700)
        try FileManager.default.createDirectory(atPath: home.path + "/other", withIntermediateDirectories: false)
        let other = try await Diagnosis(home, ["--data-dir", path, "--peer", home.path + "/other"])
        other.expectProblems(["peer"])
        #expect(other.problems[0].text.contains("is another directory"))
        for text in ["none", "data/sessions"] {
            try await Diagnosis(home, ["--data-dir", path, "--peer", home.path + "/" + text]).expectProblems(["peer"])
        }
        try await Diagnosis(home, ["--data-dir", home.path + "/none", "--peer", path]).expectProblems(["peer"])

        try FileManager.default.createSymbolicLink(atPath: home.path + "/link", withDestinationPath: path)
        let same = try await Diagnosis(home, ["--data-dir", path, "--peer", home.path + "/link"])
        same.expectProblems([])
        #expect(same.findings("peer").map(\.level) == ["warning"])
        for name in Self.checks { #expect(same.findings(name).map(\.level) == ["ok"], "\(name): \(same)") }
        if try await MountNamespace.isAvailable() {
            let wrapper = MountNamespace.wrapper(showing: path, at: home.path + "/other")
            let second = try await Diagnosis(home, ["--data-dir", path, "--peer", home.path + "/other"], wrapper: wrapper)
            second.expectProblems([])
            #expect(second.findings("peer").map(\.level) == ["ok"] && second.findings("mount").count == 2, "\(second)")
        }
        #expect(try data.names("data") == ["sessions"])

        for text in ["", "ftp://x", "http://"] {
            let outcome = try await Program.run(Nanobot.path, ["doctor", "--peer", text], environment: Nanobot.environment(home))
            #expect(outcome.status == 64)
        }
    }
}
