import Foundation
import Harness
import SystemPackage
import TestSupport
import Testing

@testable import Access

@Suite("The index of a key file")
struct KeyIndexTests {
    /// A file of keys, whose secrets are known.
    private struct Fixture {
        let home: TemporaryDirectory
        let file: KeyFile
        let secrets: [String]
        let now = Date(timeIntervalSince1970: 1_800_000_000)

        init(_ count: Int = 40) throws {
            home = try TemporaryDirectory()
            file = KeyFile(FilePath(home.path + "/keys.json"))
            let made = (0..<count).map { APIKey.make("n\($0)") }
            secrets = made.map(\.secret)
            try file.change { ring throws(KeyFileError) in ring = try KeyRing(made.map(\.key)) }
        }

        var text: String {
            get throws { try String(contentsOfFile: file.path.string, encoding: .utf8) }
        }

        /// Writes the file in place.
        func write(_ text: String, to path: String? = nil) throws {
            let handle = try #require(FileHandle(forWritingAtPath: path ?? file.path.string))
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: Data(text.utf8))
        }

        /// Lets the file be older than what could be changed unnoticed.
        func age() throws {
            try FileManager.default.setAttributes([.modificationDate: Date().addingTimeInterval(-60)], ofItemAtPath: file.path.string)
        }

        /// The name of a secret's key, as a process finds it that serves one request.
        func name(_ secret: String?) throws -> String? {
            let store = try KeyStore(file, dataDirectory: nil, servesOne: true, logger: .test())
            return store.ring(for: secret)?.key(secret: secret ?? "", now: now)?.name
        }
    }

    @Test("every secret's key is found, alone, and nobody else's")
    func found() throws {
        let fixture = try Fixture()
        var next = ""
        try fixture.file.change { ring throws(KeyFileError) in
            try ring.change("n7") { next = $0.rotate(grace: 3600, now: fixture.now) }
            try ring.remove("n8")
        }
        let index = try #require(try fixture.file.indexed())
        for (number, secret) in fixture.secrets.enumerated() where number != 8 {
            let ring = try index.ring(digest: APIKey.Secret(secret).digest)
            #expect(ring.keys.map(\.name) == ["n\(number)"])
        }
        #expect(try fixture.name(fixture.secrets[7]) == "n7" && fixture.name(next) == "n7")
        for secret in [fixture.secrets[8], "", "x", nil] { #expect(try fixture.name(secret) == nil) }
        let store = try KeyStore(fixture.file, dataDirectory: nil, servesOne: true, logger: .test())
        #expect(store.ring(for: next)?.keys.count == 1 && store.ring?.keys.count == 39)
        for count in 0...3 {
            let small = try Fixture(count)
            for secret in small.secrets { #expect(try small.name(secret) != nil) }
            #expect(try small.name("x") == nil && KeyStore(small.file, dataDirectory: nil, servesOne: true, logger: .test()).ring != nil)
        }
    }

    @Test("a file that was changed by hand is read and checked as a whole")
    func edited() throws {
        let fixture = try Fixture()
        let good = try fixture.text
        let lines = good.split(separator: "\n")
        // Every one of them is as long as the file, or looks as if the program had written it.
        for (bad, reason) in [
            (good.replacing("\"n9\"", with: "\"n8\""), "two keys with the name"),
            (good.replacing(lines[1], with: lines[1] + "\n" + lines[1]), "for two keys"),
            (good.replacing("\"name\":\"n9\"", with: "\"nama\":\"n9\""), "nama is not known"),
            (good.replacing(",\n{", with: "\n{"), "is not JSON"), (String(good.dropLast(4)), "cut short"), ("", "cut short"),
        ] {
            try fixture.write(bad)
            #expect(throws: KeyFileError.self, "\(reason)") { try KeyStore(fixture.file, dataDirectory: nil, logger: .test()) }
            // A responder that was killed, and CGI, answer nevertheless, and let nobody in.
            let restarted = try KeyStore(fixture.file, dataDirectory: nil, isRecovering: true, logger: .test())
            #expect(try fixture.name(fixture.secrets[0]) == nil && restarted.ring?.keys.isEmpty == true)
            #expect(try fixture.file.indexed() == nil)
        }
        let object = try JSONSerialization.jsonObject(with: Data(good.utf8))
        let pretty = try JSONSerialization.data(withJSONObject: object, options: .prettyPrinted)
        try fixture.write(String(decoding: pretty, as: UTF8.self))
        try fixture.age()
        #expect(try fixture.name(fixture.secrets[3]) == "n3" && fixture.file.indexed() == nil)
    }

    @Test("a copy in the file's place gets an index of its own, once it is old enough")
    func copied() throws {
        let fixture = try Fixture()
        let good = try fixture.text
        try fixture.file.change { ring throws(KeyFileError) in _ = try ring.remove("n3") }
        try fixture.write(good)
        #expect(try fixture.name(fixture.secrets[3]) == "n3" && fixture.file.indexed() == nil)
        try fixture.age()
        #expect(try fixture.name(fixture.secrets[3]) == "n3" && fixture.file.indexed() != nil && fixture.name(fixture.secrets[3]) == "n3")
    }

    @Test("a damaged or an old index lets no revoked key in")
    func damaged() throws {
        let fixture = try Fixture()
        let path = fixture.file.path.string + ".index"
        let old = try String(contentsOfFile: path, encoding: .utf8)
        try fixture.file.change { ring throws(KeyFileError) in _ = try ring.remove("n3") }
        try fixture.write(old, to: path)
        #expect(try fixture.name(fixture.secrets[3]) == nil && fixture.name(fixture.secrets[4]) == "n4")
        try fixture.file.change { ring throws(KeyFileError) in _ = try ring.change("n4") { $0.isBlocked = true } }
        let good = try String(contentsOfFile: path, encoding: .utf8)
        let entry = try #require(good.split(separator: "\n").first { $0.hasPrefix(APIKey.Secret(fixture.secrets[4]).digest) })
        let numbers = entry.dropFirst(65)
        for wrong in ["000000000000 000000000100", "999999999999 999999999999", "-00000000001 000000000001", "x"] {
            let text = wrong + String(repeating: " ", count: numbers.count - wrong.count)
            try fixture.write(good.replacing(numbers, with: text), to: path)
            #expect(try fixture.name(fixture.secrets[4]) == nil && fixture.name(fixture.secrets[3]) == nil)
            #expect(try fixture.name(fixture.secrets[5]) == "n5")
        }
        for text in ["", "nanobot", String(good.dropLast(1)), good + "x"] {
            try fixture.write(text, to: path)
            #expect(try fixture.name(fixture.secrets[5]) == "n5" && fixture.name(fixture.secrets[3]) == nil)
        }
    }
}
