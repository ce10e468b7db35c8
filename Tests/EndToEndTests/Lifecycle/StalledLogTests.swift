import Foundation
import Glibc
import Harness
import TestSupport
import Testing

@Suite("A log that nobody reads")
struct StalledLogTests {
    @Test("requests do not wait for it, and what was lost is counted once somebody reads")
    func stalled() async throws {
        let home = try TemporaryDirectory()
        let (socket, log) = (home.file("socket"), home.file("log"))
        try #require(mkfifo(log, 0o600) == 0)
        // Open at both ends, and not read.
        let pipe = open(log, O_RDWR | O_NONBLOCK)
        try #require(pipe >= 0)
        defer { close(pipe) }
        let command = "exec '\(Nanobot.path)' fastcgi --socket 'unix:\(socket)' 2>'\(log)'"
        let program = try Program("sh", ["-c", command], environment: Nanobot.environment(home))
        // The file is there before anybody listens.
        #expect(try await eventually { SocketAddress.unix(socket).isAnswered })
        @Sendable func ask(_ count: Int) throws {
            let client = try FastCGIClient(path: socket)
            for _ in 0..<count {
                let reply = try client.ask(
                    .request([("REQUEST_METHOD", "GET"), ("SCRIPT_NAME", ""), ("PATH_INFO", "/health")], keep: true))
                #expect(String(decoding: reply.stdout, as: UTF8.self).hasPrefix("Status: 200"))
            }
        }
        // A pipe holds 64 KiB (pipe(7)); a line has more than 80 bytes.
        try await onOwnThread { try ask(2000) }
        var text = [UInt8](repeating: 0, count: 1 << 20)
        #expect(read(pipe, &text, text.count) > 60_000)
        try await onOwnThread { try ask(1) }
        let count = read(pipe, &text, text.count)
        #expect(String(decoding: text.prefix(max(0, count)), as: UTF8.self).contains(" lines were lost: nobody read them\n"))
        program.send(SIGTERM)
        #expect(try await program.outcome().status == 0)
    }
}
