import Concurrency
import Files
import Foundation
import Harness
import Logging
import SystemPackage
import TestSupport
import Testing

@testable import Access

@Suite("Visitors of web pages")
struct VisitorsTests {
    private static let key = APIKey.make("site").key

    private let home: TemporaryDirectory
    private let lines = Log<LogLine>()
    private var file: String { home.path + "/visitor-secret" }

    init() throws { home = try TemporaryDirectory() }

    /// As another process would have them.
    private func visitors() -> Visitors { Visitors(FilePath(home.path), in: HostFileSystem(), logger: .test(lines)) }

    private func isKnown(_ token: String, to key: APIKey = key) throws -> Bool {
        try visitors().visitor(token: token, with: key)?.token == token
    }

    @Test("every process knows a visitor by the token that one of them made, and by no other")
    func tokens() throws {
        let visitor = try visitors().begin(with: Self.key)
        #expect(try visitors().visitor(token: visitor.token, with: Self.key)?.id == visitor.id)
        let other = try visitors().begin(with: Self.key)
        #expect(other.id != visitor.id)
        #expect(try !isKnown(visitor.token, to: APIKey.make("other").key))
        let (own, others) = (visitor.token.split(separator: "."), other.token.split(separator: "."))
        for forged in [
            "", ".", visitor.id, visitor.id + ".", ".\(own[1])", "\(own[0]).\(others[1])", "\(others[0]).\(own[1])", visitor.token + "a",
            visitor.token + ".", String(visitor.token.dropLast()), visitor.token.uppercased(), " " + visitor.token,
            "\(visitor.token), \(visitor.token)", "v_é.\u{301}", String(repeating: "a.", count: 1 << 16),
        ] {
            #expect(try !isKnown(forged), "\(forged.prefix(100))")
        }
        #expect(lines.entries.map(\.level) == [.notice])
    }

    @Test("the secret is a file for its owner alone, and a new one takes the place of one that is lost or damaged, with a line in the log")
    func damage() throws {
        let visitor = try visitors().begin(with: Self.key)
        let attributes = try FileManager.default.attributesOfItem(atPath: file)
        #expect(attributes[.posixPermissions] as? Int == 0o600 && attributes[.size] as? Int == 32)
        let secret = try #require(FileManager.default.contents(atPath: file))
        let damages: [() throws -> Void] = [
            { try FileManager.default.removeItem(atPath: file) },
            { try secret.dropLast().write(to: URL(filePath: file)) },
            { try (secret + secret).write(to: URL(filePath: file)) },
            { try Data().write(to: URL(filePath: file)) },
            { try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: file) },
        ]
        for (count, damage) in damages.enumerated() {
            try damage()
            #expect(try !isKnown(visitor.token))
            #expect(try isKnown(visitors().begin(with: Self.key).token))
            #expect(lines.entries.map(\.level) == [.notice, .notice] + [Logger.Level](repeating: .warning, count: count))
            #expect(try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int == 0o600)
        }
        // A backup brings the visitors back.
        try secret.write(to: URL(filePath: file))
        #expect(try isKnown(visitor.token))
        try FileManager.default.removeItem(atPath: file)
        try FileManager.default.createDirectory(atPath: file, withIntermediateDirectories: false)
        #expect(throws: KeyFileError.self) { try visitors().begin(with: Self.key) }
    }

    @Test("of processes that begin at the same time, one makes the secret")
    func race() throws {
        let tokens = try inParallel(8) { _ in try visitors().begin(with: Self.key).token }
        for token in tokens { #expect(try isKnown(token)) }
        #expect(lines.entries.count == 1)
    }
}
