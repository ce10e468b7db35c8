import Foundation
import Testing

@testable import Harness

@Suite("What two runs on one machine do not share")
struct ReservationTests {
    @Test("a reserved port is free, and no other process can reserve it")
    func port() async throws {
        let port = try Port.reserve()
        #expect(SocketAddress.loopback(port).isFree)
        #expect(try Port.reserve() != port)
        await #expect(processExitsWith: .success) { [port = port as Int] in
            let isReserved = try Port.reserve(port)
            #expect(!isReserved)
        }
    }

    @Test("the directories of a process that died are removed by the next one, those of a living process are not")
    func abandoned() async throws {
        let own = try TemporaryDirectory()
        let result = await #expect(processExitsWith: .signal(SIGKILL), observing: [\.standardErrorContent]) {
            let directory = try TemporaryDirectory()
            try FileHandle.standardError.write(contentsOf: Data("directory=\(directory.path)\n".utf8))
            kill(getpid(), SIGKILL)
        }
        let lines = String(decoding: try #require(result).standardErrorContent, as: UTF8.self).split(separator: "\n")
        let path = try #require(lines.last { $0.hasPrefix("directory=") }).dropFirst("directory=".count)
        // Another process's first directory may have removed it already.
        ProcessDirectory.removeAbandoned(in: "/tmp")
        #expect(!FileManager.default.fileExists(atPath: String(path)))
        #expect(FileManager.default.fileExists(atPath: own.path))
    }
}
