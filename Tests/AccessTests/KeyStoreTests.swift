import Foundation
import Harness
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Access

@Suite("API keys in force")
struct KeyStoreTests {
    /// A store over a file that may not be there yet.
    private final class Fixture: Sendable {
        let home: TemporaryDirectory
        let file: KeyFile
        let lines = Log<LogLine>()

        init() throws {
            home = try TemporaryDirectory()
            file = KeyFile(FilePath(home.path + "/keys.json"))
        }

        func add(_ name: String) throws { try file.change { ring throws(KeyFileError) in try ring.add(APIKey.make(name).key) } }

        func write(_ text: String) throws {
            try text.write(toFile: file.path.string, atomically: false, encoding: .utf8)
        }

        func store() throws -> KeyStore { try KeyStore(file, dataDirectory: FilePath(home.path), logger: .test(lines)) }
    }

    @Test("without a file the API is open until there is one")
    func opened() async throws {
        let fixture = try Fixture()
        let store = try fixture.store()
        #expect(store.ring == nil)
        try fixture.add("a")
        #expect(try await eventually { store.ring?.keys.map(\.name) == ["a"] })
        try fixture.add("b")
        #expect(try await eventually { store.ring?.keys.map(\.name) == ["a", "b"] })
        for name in ["a", "b"] { _ = try fixture.file.change { ring throws(KeyFileError) in try ring.remove(name) } }
        // The last key is gone, but nobody wanted the API to be open.
        #expect(try await eventually { store.ring?.keys.isEmpty == true })
    }

    @Test("a file that is damaged, or gone, leaves the keys in force that were read before, and says so once")
    func damaged() async throws {
        let fixture = try Fixture()
        try fixture.add("a")
        let store = try fixture.store()
        let good = try String(contentsOfFile: fixture.file.path.string, encoding: .utf8)
        for (text, message) in [("{", "not JSON"), (nil, "is gone")] {
            if let text { try fixture.write(text) } else { try FileManager.default.removeItem(atPath: fixture.file.path.string) }
            #expect(try await eventually { store.ring?.keys.count == 1 && fixture.lines.entries.last?.message.contains(message) == true })
        }
        let count = fixture.lines.entries.count
        try fixture.write(good)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: fixture.file.path.string)
        func isUsedAgain() -> Bool { fixture.lines.entries.last?.message.hasSuffix("can be used again") == true }
        #expect(try await eventually { store.ring?.keys.count == 1 && isUsedAgain() })
        #expect(fixture.lines.entries.count == count + 1 && count == 2)
    }

    @Test("a first file that cannot be used closes the API until it can be")
    func firstIsDamaged() async throws {
        let fixture = try Fixture()
        let store = try fixture.store()
        #expect(store.ring == nil)
        try fixture.write("{")
        #expect(try await eventually { store.ring?.keys.isEmpty == true })
        #expect(fixture.lines.entries.map(\.level) == [.error])
        try FileManager.default.removeItem(atPath: fixture.file.path.string)
        try fixture.add("a")
        #expect(try await eventually { store.ring?.keys.count == 1 })
    }

    @Test("a file that is gone, or is looked for elsewhere, does not open an API that had keys, until its mark is removed")
    func mark() throws {
        let fixture = try Fixture()
        #expect(try fixture.store().ring == nil)
        try fixture.add("a")
        #expect(try fixture.store().ring?.keys.count == 1)
        try FileManager.default.removeItem(atPath: fixture.file.path.string)
        #expect(try fixture.store().ring?.keys.isEmpty == true)
        #expect(fixture.lines.entries.last?.message.contains("remove \(fixture.home.path)/api-keys to open the API") == true)
        try FileManager.default.removeItem(atPath: fixture.home.path + "/api-keys")
        #expect(try fixture.store().ring == nil)
    }

    @Test("a file that is damaged at the start is an error, so that it does not open the API")
    func start() throws {
        let fixture = try Fixture()
        try fixture.write("{}")
        #expect(throws: KeyFileError.self) { _ = try fixture.store() }
    }
}
