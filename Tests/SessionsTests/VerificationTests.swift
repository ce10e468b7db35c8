import Chat
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

    /// A way to write the same session down, which `import` reads whole.
    enum Layout: CaseIterable {
        case indented, oneLine, spaced, withCarriageReturns, jsonLines

        func form(of bytes: [UInt8]) throws -> [UInt8] {
            func written(_ options: JSONSerialization.WritingOptions) throws -> [UInt8] {
                Array(try JSONSerialization.data(withJSONObject: JSONSerialization.jsonObject(with: Data(bytes)), options: options))
            }
            switch self {
            case .indented: return try written([.prettyPrinted, .sortedKeys])
            case .oneLine: return bytes.filter { $0 != UInt8(ascii: "\n") }
            case .spaced: return Array(String(decoding: bytes, as: UTF8.self).replacing("\":", with: "\": ").utf8)
            case .withCarriageReturns: return Array(String(decoding: bytes, as: UTF8.self).replacing("\n", with: "\r\n").utf8)
            case .jsonLines:
                var lines = String(decoding: bytes, as: UTF8.self).replacing("},\n", with: "}\n").split(separator: "\n").dropLast()
                lines[0] = lines[0].dropLast(#","turns":["#.utf8.count) + "}"
                return Array(lines.joined(separator: "\n").utf8)
            }
        }
    }

    @Test("a session in another layout is repaired from its turns and summaries, which stay as they were", arguments: Layout.allCases)
    func layouts(_ layout: Layout) async throws {
        // The second key's name is shortened, so only the file says which session it is.
        for key in ["a", String(repeating: "é\\\"", count: 90)] {
            let directory = try TemporaryDirectory()
            let store = try directory.store(limits: ContextLimits(maxTurns: 4, summarizes: true))
            for number in 0..<9 {
                _ = try await store.turn(
                    of: SessionKey(key), from: .make("key \(number)"),
                    summarize: { _, newest in
                        HistorySummary(
                            at: Turn.time, text: "so {\"far\" : [", covers: newest, model: "m",
                            usage: Usage(promptTokens: 1, completionTokens: 1))
                    }
                ) { _ in
                    .make("{\"id\" : \"turn-x\", \\ \r\n\u{301}[{\"", id: "turn-\(number)", idempotencyKey: "key \(number)")
                }
            }
            let name = try #require(try directory.names(in: "sessions").first)
            let whole = try directory.bytes(name)
            let changed = try layout.form(of: whole)
            #expect(whole != changed)
            try directory.write(changed, to: name)
            let found = try await damages(directory, repairs: true)
            #expect(found.count == 1 && found[0].repair?.contains("9 readable turns") == true, "\(found)")
            #expect(try directory.bytes(name) == whole)
            #expect(try await damages(directory) == [])
        }
    }

    @Test(
        "of a session in another layout that is cut anywhere, every turn that is whole is kept",
        arguments: Layout.allCases)
    func cutLayouts(_ layout: Layout) async throws {
        let directory = try TemporaryDirectory()
        for number in 1...3 { try await directory.store().say("one {", answer: "[\"\(number)\\") }
        let whole = try layout.form(of: try directory.bytes("a.json"))
        // Only a turn's last brace follows another one.
        let visible = whole.indices.filter { whole[$0] > 0x20 }
        let ends = zip(visible, visible.dropFirst()).filter { whole[$0] == UInt8(ascii: "}") && whole[$1] == UInt8(ascii: "}") }.map(\.1)
        #expect(ends.count == 3)
        for length in stride(from: 1, through: whole.count, by: 7) {
            try directory.write(whole[..<length], to: "a.json")
            _ = try await damages(directory, repairs: true)
            let left = try directory.bytes("a.json").split(separator: UInt8(ascii: "\n")).count { $0.starts(with: #"{"id""#.utf8) }
            #expect(left >= ends.count { $0 < length }, "cut at \(length)")
            #expect(try await damages(directory) == [])
        }
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
            #expect(found.first?.problem.contains("is not a regular file") == true)
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
