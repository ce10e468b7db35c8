import Foundation
import Harness
import TestSupport
import Testing

@Suite("The limit of connections")
struct ConnectionLimitTests {
    @Test("requests above limits.connections wait for a connection and are answered")
    func limit() async throws {
        let upstream = try HeldUpstream()
        let environment = upstream.environment.merging(["NANOBOT_LIMITS_CONNECTIONS": "8"]) { $1 }
        try await Site.run(environment: environment, keepsConnections: false) { site in
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 1...12 {
                    group.addTask { try await site.server.chat("Hello", session: "session\(number)").status }
                }
                // The listening socket, and all twelve: the kernel lists those that wait to be accepted, too (proc(5), /proc/net/unix).
                let haveCome = try await eventually(within: .seconds(60)) {
                    try upstream.asked >= 8 && socketCount(site.home.path + "/1.sock") >= 13
                }
                try #require(haveCome, "\(upstream.asked) have come to the upstream")
                #expect(upstream.asked == 8)
                upstream.release()
                for try await status in group { #expect(status == 200) }
            }
            #expect(upstream.asked == 12)
        }
    }

    private func socketCount(_ path: String) throws -> Int {
        let table = try FileHandle(forReadingFrom: URL(fileURLWithPath: "/proc/net/unix")).readToEnd() ?? Data()
        return table.split(separator: UInt8(ascii: "\n")).count { $0.suffix(path.utf8.count).elementsEqual(path.utf8) }
    }
}
