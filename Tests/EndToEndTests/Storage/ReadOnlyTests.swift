import Foundation
import Glibc
import Harness
import Testing

@Suite("A data directory that turns read-only")
struct ReadOnlyTests {
    /// What keeps the running responder from writing.
    enum Cause: String, CaseIterable, CustomTestStringConvertible {
        /// The file system.
        case mount
        /// The permissions.
        case mode

        var testDescription: String { rawValue }

        static func possible() async throws -> [Self] { try await MountNamespace.isAvailable() ? allCases : [.mode] }

        func wrapper(_ data: String) -> [String] {
            switch self {
            case .mount: MountNamespace.wrapper(mounting: 1024, at: data)
            // Permissions stop root, too, once it has no capabilities (capabilities(7)).
            case .mode: geteuid() == 0 ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] : []
            }
        }

        func forbidWriting(_ data: String, in responder: pid_t) async throws {
            switch self {
            // A view of its own: what has a file open for writing, such as the lock file, keeps the mount itself from it (EBUSY, mount(2)).
            case .mount:
                try await MountNamespace.run("mount --bind '\(data)' '\(data)' && mount -o remount,bind,ro '\(data)'", in: responder)
            case .mode: try await change("a-w", data)
            }
        }

        func allowWriting(_ data: String, in responder: pid_t) async throws {
            switch self {
            case .mount: try await MountNamespace.run("umount '\(data)'", in: responder)
            case .mode: try await change("u+w", data)
            }
        }

        private func change(_ mode: String, _ data: String) async throws {
            try #require(try await Program.run("chmod", ["-R", mode, data]).status == 0)
        }
    }

    @Test(
        "a read-only data directory can be read but stores no turn, and once writable the session continues",
        arguments: try await Cause.possible())
    func session(cause: Cause) async throws {
        let home = try TemporaryDirectory()
        let data = home.path + "/data"
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
        try await Site.run(home, wrapper: cause.wrapper(data), environment: ["NANOBOT_STORAGE_MIN_FREE_BYTES": "0"]) { site in
            var server = try site.server
            let responder = site.responder()
            // As the responder sees it (proc(5)).
            server.dataDirectory = "/proc/\(responder.processID)/root" + data
            for text in ["Is my hat blue?", "Hello"] { #expect(try await server.chat(text, session: "a").status == 200) }
            let file = try server.bytes(ofSession: "a")

            try await cause.forbidWriting(data, in: responder.processID)
            try await expectNoChange(server)
            try await expectReading(server)
            #expect(try server.bytes(ofSession: "a") == file)
            #expect(responder.standardError.contains("\(data)/sessions/a.json"))

            try await cause.allowWriting(data, in: responder.processID)
            // A client tries again.
            let retried = try await server.chat("What did I just ask you?", session: "a", headers: ["Idempotency-Key: k"])
            #expect(retried.status == 200 && retried.answer.contains("Hello"))
            #expect(retried.headers["idempotency-replayed"] == nil)
            #expect(try await server.chat("Hello", session: "new").status == 200)
            #expect(try server.stored("a").turns.map(\.question) == ["Is my hat blue?", "Hello", "What did I just ask you?"])
            #expect(try server.bytes(ofSession: "a").starts(with: file.dropLast("\n]}\n".count)))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: server.dataDirectory + "/sessions").sorted() == ["a.json", "new.json"])
        }
    }

    private func expectNoChange(_ server: Server) async throws {
        let key = ["x-session-key: a"]
        let responses = [
            try await server.chat("What did I just ask you?", session: "a", headers: ["Idempotency-Key: k"]),
            try await server.chat("Hello", session: "new"),
            try await server.send("POST", "/v1/session/undo", headers: key),
            try await server.send("POST", "/v1/session/fork", headers: key, body: Array(#"{"to":"new"}"#.utf8)),
            try await server.send("DELETE", "/v1/session", headers: key),
        ]
        for response in responses { expectStorageUnavailable(response) }
    }

    private func expectReading(_ server: Server) async throws {
        let session = try await server.send("GET", "/v1/session", headers: ["x-session-key: a"])
        #expect(session.status == 200)
        #expect(session.json["messages"]?.elements.count == 4)
        #expect(session.json["messages"][0]["content"]?.text == "Is my hat blue?")
        let readonly = try await server.chat("What did I just ask you?", session: "a", headers: ["x-session-mode: readonly"])
        #expect(readonly.status == 200 && readonly.answer.contains("Hello"))
        #expect(try await server.send("GET", "/v1/session", headers: ["x-session-key: new"]).status == 404)
    }
}
