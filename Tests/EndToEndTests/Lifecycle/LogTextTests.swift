import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("Text from outside in a log line")
struct LogTextTests {
    @Test("what a terminal would obey is escaped, and a request has its one line", arguments: ["text", "json"])
    func escaped(format: String) async throws {
        let home = try TemporaryDirectory()
        let (socket, root) = (home.file("socket"), home.path + "/w\n\u{9b}31m\u{202e}\u{7f}\u{2028}猫")
        try FileManager.default.createDirectory(atPath: root + "/data", withIntermediateDirectories: true)
        var environment = Nanobot.environment(home)
        environment["NANOBOT_LOG_FORMAT"] = format
        environment["NANOBOT_LOG_SESSIONS"] = "full"
        let program = try Program(
            Nanobot.path, ["fastcgi", "--data-dir", root + "/data", "--socket", "unix:\(socket)"], environment: environment)
        #expect(try await eventually { SocketAddress.unix(socket).isAnswered })
        try await onOwnThread {
            let client = try FastCGIClient(path: socket)
            for documentRoot in [root, "/nowhere"] {
                let reply = try client.ask(
                    .request(
                        [
                            ("REQUEST_METHOD", "GET"), ("SCRIPT_NAME", ""), ("PATH_INFO", "/v1/session"), ("DOCUMENT_ROOT", documentRoot),
                            ("HTTP_X_SESSION_KEY", "a\u{202e}b\u{2067}c"),
                        ], keep: true))
                #expect(String(decoding: reply.stdout, as: UTF8.self).hasPrefix(documentRoot == root ? "Status: 500" : "Status: 404"))
            }
        }
        program.send(SIGTERM)
        let log = try await program.outcome().standardError
        // The start, that the API is open, the refusal, and a line for each request.
        #expect(log.utf8.count { $0 == UInt8(ascii: "\n") } == 5, "\(log)")
        let lineFeed = format == "json" ? #"\n"# : #"\u000a"#
        #expect(log.components(separatedBy: #"w\#(lineFeed)\u009b31m\u202e\u007f\u2028猫"#).count == 4, "\(log)")
        #expect(log.contains(#"a\u202eb\u2067c"#), "\(log)")
        #expect(log.unicodeScalars.allSatisfy { $0 == "\n" || $0.properties.generalCategory != .control && !$0.properties.isBidiControl })
    }
}
