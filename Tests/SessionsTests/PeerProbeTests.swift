@testable import Files
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("What a responder does for another host's doctor")
struct PeerProbeTests {
    private func names(_ directory: TemporaryDirectory) throws -> [String] {
        var names: [String] = []
        try HostFileSystem().visitNames(in: directory.path, from: 0) { name, _ in
            if !name.hasPrefix(".") { names.append(name) }
            return true
        }
        return names.sorted()
    }

    @Test("it changes one file of the token's and no other, and tells what it sees")
    func actions() throws {
        let directory = try TemporaryDirectory()
        let store = try SessionStore(directory: directory.path, logger: .test())
        let before = try names(directory)
        let token = try ProbeToken(in: directory.path)
        let probe = try #require(store.peerProbe(token: token.token))
        let empty = try probe.perform(.view)
        #expect(empty.size == nil && empty.digest == nil && empty.line == nil && !empty.isLocked && empty.host == PeerProbe.hostName)
        #expect(throws: SessionError.self) { try probe.perform(.append) }
        let first = try probe.perform(.replace)
        let line = try #require(first.line)
        #expect(first.size == line.utf8.count)
        let second = try probe.perform(.append)
        #expect(second.size == 2 * line.utf8.count && second.line != line && second.digest != first.digest)
        #expect(try probe.perform(.view).digest == second.digest)
        #expect(try probe.perform(.replace).size == line.utf8.count)
        let all = try names(directory)
        #expect(all.count == before.count + 2 && all.filter { !before.contains($0) }.allSatisfy { $0.hasPrefix("doctor-") })
        #expect(try probe.perform(.remove).size == nil)
        #expect(try probe.perform(.remove).size == nil)
        _ = try probe.perform(.replace)
        token.remove()
        #expect(try names(directory) == before)
        #expect(store.peerProbe(token: token.token) == nil)
        #expect(throws: SessionError.self) { try probe.perform(.view) }
    }

    @Test("a long file gets no more lines and is not read")
    func long() throws {
        let directory = try TemporaryDirectory()
        let token = try ProbeToken(in: directory.path)
        let probe = try #require(PeerProbe(token: token.token, in: directory.path))
        _ = try probe.perform(.replace)
        let name = try #require(try names(directory).first { $0.hasSuffix("-peer.json") })
        #expect(truncate(directory.path.appending(name).string, 1 << 40) == 0)
        #expect(try probe.perform(.view).size == 1 << 40)
        #expect(throws: SessionError.self) { try probe.perform(.append) }
    }

    @Test("the lock keeps out others, and is free afterwards")
    func lock() async throws {
        let directory = try TemporaryDirectory()
        let token = try ProbeToken(in: directory.path)
        let probe = try #require(PeerProbe(token: token.token, in: directory.path))
        let inner: (Bool, Bool)? = try await probe.withLock {
            let second: Void? = try await probe.withLock {}
            return (try probe.perform(.view).isLocked, second == nil)
        }
        #expect(inner?.0 == true && inner?.1 == true)
        #expect(try !probe.perform(.view).isLocked)
    }

    @Test("what a doctor that was killed leaves behind is removed by the next one")
    func leftovers() throws {
        let directory = try TemporaryDirectory()
        let token = try ProbeToken(in: directory.path)
        _ = try #require(PeerProbe(token: token.token, in: directory.path)).perform(.replace)
        let old = timespec(tv_sec: time(nil) - 601, tv_nsec: 0)
        for name in try names(directory) {
            #expect(utimensat(AT_FDCWD, directory.path.appending(name).string, [old, old], 0) == 0)
        }
        let next = try ProbeToken(in: directory.path)
        #expect(try names(directory) == [next.name])
    }
}
