import Foundation
import Glibc
import JSON
import SystemPackage
import Testing

@testable import Sessions

@Suite("The owner of files")
struct OwnershipTests {
    private func owner(_ path: FilePath) throws -> uid_t {
        var status = stat()
        try #require(path.withPlatformString { lstat($0, &status) } == 0, "\(path)")
        return status.st_uid
    }

    @Test("everything created under a data directory belongs to its owner, even if the superuser creates it")
    func owner() async throws {
        let directory = try TemporaryDirectory()
        // Only the superuser can give a directory to another user. What other users create is theirs anyway.
        if geteuid() == 0 { try #require(chown(directory.path.string, 65_534, 65_534) == 0) }
        let store = try directory.store()
        for text in ["one", "two"] { try await store.say(text) }
        _ = try await store.fork(try SessionKey("a"), to: try SessionKey("b"))
        _ = try store.pruneOnce(olderThan: .seconds(86_400))
        try directory.write(try directory.bytes("a.json").dropLast(20), to: "a.json")
        try await store.say("three")

        let quarantined = try directory.names(in: "quarantine").map { "quarantine/" + $0 }
        #expect(quarantined.count == 1)
        for name in ["sessions", "quarantine", "locks-0", "retention", "sessions/b.json"] + quarantined {
            #expect(try owner(directory.path.appending(name)) == owner(directory.path), "\(name)")
        }
    }

    @Test("the target of a link is not given to the owner of the directory")
    func link() async throws {
        let (directory, elsewhere) = (try TemporaryDirectory(), try TemporaryDirectory())
        if geteuid() == 0 { try #require(chown(directory.path.string, 65_534, 65_534) == 0) }
        let target = elsewhere.path.appending("target")
        try Data().write(to: URL(fileURLWithPath: target.string))
        try FileManager.default.createSymbolicLink(
            atPath: directory.path.appending("locks-0").string, withDestinationPath: target.string)
        try await directory.store().say("one")
        #expect(try owner(target) == geteuid())
    }
}
