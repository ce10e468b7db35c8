import Chat
import JSON
import TestSupport
import Testing

@testable import Sessions

@Suite("Any damage")
struct DamagePropertyTests {
    @Test("a file that was cut anywhere keeps all its whole turns, and the rest goes to the quarantine", arguments: TestLength.seeds(20))
    func cut(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let session = try await Session(using: &generator)
        let length = Int.random(in: 0..<session.bytes.count, using: &generator)
        try session.directory.write(session.bytes[..<length], to: "a.json")
        // A cut header is not a torn write: headers are written with whole files only.
        guard length >= session.headerLength else { return try await session.expectRefused(session.bytes[..<length]) }
        let whole = session.lineEnds.count { $0 <= length }
        #expect(try await session.questions() == Array(session.said[..<whole]))
        let start = whole == 0 ? session.headerLength : session.lineEnds[whole - 1]
        let kept = try session.quarantined()
        let cut = session.bytes[start..<length]
        // A comma or a part of the closing is not part of a turn.
        #expect(kept == (cut.contains(UInt8(ascii: "\"")) ? [Array(cut)] : []))
        #expect(try await session.directory.store().say("again") == Array(session.said[..<whole]))
    }

    @Test("a block of zeros makes a file unreadable, unless the last write left it", arguments: TestLength.seeds(20))
    func zeros(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let session = try await Session(using: &generator)
        var bytes = session.bytes
        let block = Int.random(in: 0...(bytes.count - 1) / 512, using: &generator) * 512
        let range = block..<min(bytes.count, block + 512)
        bytes.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
        try session.directory.write(bytes, to: "a.json")
        do {
            let questions = try await session.questions()
            #expect(questions == session.said || questions == session.said.dropLast())
        } catch let error as SessionError where error.code == .unreadable {
            #expect(try session.directory.bytes("a.json") == bytes)
        }
    }

    @Test(
        "changed, added or removed bytes crash nothing, and an unreadable file stays as it is",
        arguments: TestLength.seeds(100))
    func anything(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let session = try await Session(using: &generator)
        var bytes = session.bytes
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let position = Int.random(in: 0..<max(1, bytes.count), using: &generator)
            let end = min(bytes.count, position + Int.random(in: 1...200, using: &generator))
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes[position] = .random(in: 0...255, using: &generator)
            case 1: bytes.removeSubrange(position..<end)
            case 2: bytes.insert(contentsOf: bytes[position..<end], at: end)
            case 3: bytes.insert(contentsOf: Array("\n]}\n".utf8), at: position)
            default: bytes.insert(contentsOf: (0..<20).map { _ in UInt8.random(in: 0...255, using: &generator) }, at: position)
            }
            if bytes.isEmpty { bytes = [0] }
        }
        try session.directory.write(bytes, to: "a.json")
        let store = try session.directory.store()
        do {
            let before = try await store.say("new")
            #expect(try await store.say("newer") == before + ["new"])
            #expect(try await session.directory.store().say("newest") == before + ["new", "newer"])
        } catch let error as SessionError where [.unreadable, .newerFormat].contains(error.code) {
            let after = try session.directory.bytes("a.json")
            // If both the end and the middle are damaged, the end is cut before the middle is read.
            let end = after.count - SessionFile.closing.count
            let kept = try session.quarantined()
            #expect(after == bytes || after[..<end] == bytes[..<end] && kept == [Array(bytes[end...])])
        }
        // Whatever the file is, these report it and change nothing.
        try await store.verify { _ in }
        try store.list { _ in true }
    }

    /// A session of which every byte is known.
    private struct Session {
        let directory: TemporaryDirectory
        let bytes: [UInt8]
        let said: [String]
        let headerLength: Int
        /// The end of each turn's line.
        let lineEnds: [Int]

        init(using generator: inout SplitMix64) async throws {
            directory = try TemporaryDirectory()
            let store = try directory.store()
            var said: [String] = []
            for number in 0..<Int.random(in: 1...5, using: &generator) {
                let text =
                    "\(number) " + String(repeating: number % 2 == 0 ? "字" : "\"\n", count: Int.random(in: 0...400, using: &generator))
                try await store.say(text)
                said.append(text)
            }
            self.said = said
            let bytes = try directory.bytes("a.json")
            self.bytes = bytes
            let feeds = bytes.indices.filter { bytes[$0] == UInt8(ascii: "\n") }
            headerLength = feeds[0]
            lineEnds = feeds[1...said.count].map { bytes[$0 - 1] == UInt8(ascii: ",") ? $0 - 1 : $0 }
        }

        /// The questions that a process finds which has not used the session before.
        func questions() async throws -> [String] {
            try await directory.store().history(of: SessionKey("a")).map { $0.messages[0].content }
        }

        func quarantined() throws -> [[UInt8]] {
            try directory.names(in: "quarantine").map { try directory.bytes("../quarantine/\($0)") }
        }

        func expectRefused(_ bytes: ArraySlice<UInt8>) async throws {
            let error = await #expect(throws: SessionError.self) { try await questions() }
            #expect(error?.code == .unreadable)
            #expect(try directory.bytes("a.json") == Array(bytes))
        }
    }
}
