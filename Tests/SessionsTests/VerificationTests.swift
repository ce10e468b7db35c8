import Foundation
import JSON
import SystemPackage
import Testing

@testable import Sessions

@Suite("Verification")
struct VerificationTests {
    private func damages(_ directory: TemporaryDirectory, repairs: Bool = false) async throws -> [SessionDamage] {
        var found: [SessionDamage] = []
        try await directory.store().verify(repairs: repairs) { found.append($0) }
        return found
    }

    @Test("verification finds no damage in intact files, whatever their names")
    func whole() async throws {
        let directory = try TemporaryDirectory()
        for key in ["a", "微信:dm:x", String(repeating: "y", count: 400)] { try await directory.store().say("one", to: key) }
        var looked = 0
        try await directory.store().verify(onProgress: { looked = $0 }, onDamage: { Issue.record("\($0)") })
        #expect(looked == 3)
    }

    /// A session of three turns, and a change to it.
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String
        var change: @Sendable (inout [UInt8]) -> Void
        /// The questions that remain after the repair; nil if the file stays as it is.
        var left: [String]?
        var testDescription: String { name }
    }

    static let cases = [
        Case(name: "torn tail", change: { $0.removeLast(20) }, left: ["one", "two"]),
        Case(name: "damaged middle", change: { $0.replace("\"two\"", "\"two") }, left: ["one", "three"]),
        Case(name: "a block of zeros", change: { $0.replace("two", "\0\0\0") }, left: ["one", "three"]),
        Case(name: "missing comma", change: { $0.replace(",\n", "\n") }, left: ["one", "two", "three"]),
        Case(
            name: "no closing, and a damaged middle",
            change: {
                $0.replace("\"one\"", "\"one")
                $0.removeLast(4)
            }, left: ["two", "three"]),
        Case(name: "no header", change: { $0.removeSubrange(...($0.firstIndex(of: 10) ?? 0)) }, left: ["one", "two", "three"]),
        Case(name: "rubbish", change: { $0 = Array("rubbish".utf8) }, left: []),
        Case(name: "empty", change: { $0 = [] }, left: []),
        Case(name: "newer format", change: { $0.replace("session/1", "session/2") }, left: nil),
        Case(name: "another key", change: { $0.replace("\"a\"", "\"b\"") }, left: nil),
    ]

    @Test("verification names damage, and repairs it without losing a readable turn", arguments: cases)
    func repair(_ damage: Case) async throws {
        let directory = try TemporaryDirectory()
        for question in ["one", "two", "three"] { try await directory.store().say(question) }
        try await directory.store().say("other", to: "c")
        var bytes = try directory.bytes("a.json")
        damage.change(&bytes)
        try directory.write(bytes, to: "a.json")

        #expect(try await damages(directory).map(\.fileName) == ["a.json"])
        #expect(try directory.bytes("a.json") == bytes)
        let found = try await damages(directory, repairs: true)
        #expect(found.count == 1)
        #expect((found.first?.repair != nil) == (damage.left != nil))
        guard let left = damage.left else {
            #expect(try directory.bytes("a.json") == bytes)
            return
        }
        #expect(try directory.names(in: "quarantine").count == 1)
        #expect(try await damages(directory) == [])
        #expect(try await directory.store().say("four") == left)
    }

    @Test("a torn tail after a damaged middle counts as a damaged middle")
    func tornAndDamaged() async throws {
        let directory = try TemporaryDirectory()
        for question in ["one", "two", "three"] { try await directory.store().say(question) }
        var bytes = try directory.bytes("a.json")
        bytes.replace("\"one\"", "\"one")
        bytes.removeLast(20)
        try directory.write(bytes, to: "a.json")
        #expect(try await damages(directory, repairs: true).count == 1)
        #expect(try await directory.store().say("four") == ["two"])
    }

    @Test("verification names a file that cannot be read, and goes on to the others")
    func unreadableFile() async throws {
        let directory = try TemporaryDirectory()
        for key in ["a", "c"] { try await directory.store().say("one", to: key) }
        try directory.write(Array(try directory.bytes("c.json").dropLast(9)), to: "c.json")
        // Nobody can read a directory as a file, not even the superuser.
        try FileManager.default.createDirectory(atPath: directory.file("b.json").string, withIntermediateDirectories: false)
        for repairs in [false, true] {
            let found = try await damages(directory, repairs: repairs).sorted { $0.fileName < $1.fileName }
            #expect(found.map(\.fileName) == ["b.json", "c.json"])
            #expect(found.first?.problem.contains("Is a directory") == true)
        }
    }

    @Test("old temporary files of dead processes are removed")
    func abandoned() async throws {
        let directory = try TemporaryDirectory()
        try await directory.store().say("one")
        for name in [".new-old", ".new-young"] { try directory.write([], to: name) }
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -7200)], ofItemAtPath: directory.file(".new-old").string)
        #expect(try await damages(directory, repairs: true) == [])
        #expect(try directory.names(in: "sessions") == [".new-young", "a.json"])
    }
}
