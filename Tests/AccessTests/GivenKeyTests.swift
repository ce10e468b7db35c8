import Foundation
import Harness
import JSON
import SystemPackage
import TestSupport
import Testing

@testable import Access

@Suite("API keys that the configuration gives")
struct GivenKeyTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)
    private static let secrets = ["0123456789abcdef", "another-secret-of-mine"]

    private static func given(_ text: String) throws -> [GivenKey] {
        try GivenKey.list(try JSONField(parsing: Array(text.utf8), path: "keys"))
    }

    @Test("a key is stored once as it is given, and later only what was changed is")
    func takenOver() throws {
        let home = try TemporaryDirectory()
        let file = KeyFile(FilePath(home.path + "/keys.json"))
        func takeOver(_ text: String) throws -> (key: APIKey, isWritten: Bool) {
            let before = try file.status()
            try file.takeOver(try Self.given(text))
            let ring = try #require(try file.read())
            return (try #require(ring.keys.first), try file.status() != before && ring.keys.count == 1)
        }
        let first = try takeOver(#"[{"name":"me","key":"\#(Self.secrets[0])"}]"#)
        #expect(first.isWritten && first.key.scopes.map(\.description) == ["*"] && !first.key.permits(.admin) && first.key.permits(.export))
        #expect(try file.read()?.key(secret: Self.secrets[0], now: Self.now)?.id == first.key.id)
        #expect(try !String(contentsOfFile: file.path.string, encoding: .utf8).contains(Self.secrets[0]))
        // The same again, with the index and without.
        #expect(try !takeOver(#"[{"name":"me","key":"\#(Self.secrets[0])"}]"#).isWritten)
        try FileManager.default.removeItem(atPath: home.path + "/keys.json.index")
        #expect(try !takeOver(#"[{"name":"me","key":"\#(Self.secrets[0])"}]"#).isWritten)
        // What is not given stays as it is.
        try file.change { ring throws(KeyFileError) in
            _ = try ring.change("me") { ($0.isBlocked, $0.note) = (true, "blocked") }
        }
        #expect(try takeOver(#"[{"name":"me","key":"\#(Self.secrets[0])"}]"#).key.isBlocked)
        let (scoped, isWritten) = try takeOver(#"[{"name":"me","key":"\#(Self.secrets[0])","scopes":["wx:"],"blocked":false}]"#)
        #expect(isWritten && scoped.scopes.map(\.description) == ["wx:"] && !scoped.isBlocked && scoped.note == "blocked")
        // Another secret ends the one before.
        let rotated = try takeOver(#"[{"name":"me","key":"\#(Self.secrets[1])","scopes":["wx:"]}]"#)
        #expect(rotated.isWritten && rotated.key.id == first.key.id && rotated.key.secrets.count == 1)
        #expect(try file.read()?.key(secret: Self.secrets[0], now: Self.now) == nil)
        // A key that is not given any more stays.
        #expect(try !takeOver("[]").isWritten)
        #expect(try file.read()?.key(secret: Self.secrets[1], now: Self.now)?.name == "me")
        #expect(throws: KeyFileError.self) { _ = try takeOver(#"[{"name":"you","key":"\#(Self.secrets[1])"}]"#) }
        #expect(try file.read()?.keys.map(\.name) == ["me"])
    }

    @Test("keys may exchange their secrets; a new name for a stored secret is refused with both names")
    func exchanged() throws {
        let home = try TemporaryDirectory()
        let file = KeyFile(FilePath(home.path + "/keys.json"))
        func takeOver(_ names: String...) throws {
            let keys = zip(names, Self.secrets).map { #"{"name":"\#($0)","key":"\#($1)"}"# }
            try file.takeOver(try Self.given("[\(keys.joined(separator: ","))]"))
        }
        try takeOver("x", "y")
        try takeOver("y", "x")
        #expect(try file.read()?.key(secret: Self.secrets[0], now: Self.now)?.name == "y")
        #expect(try file.read()?.key(secret: Self.secrets[1], now: Self.now)?.name == "x")
        let error = #expect(throws: KeyFileError.self) { try takeOver("z", "x") }
        #expect(error?.description.contains("\"y\" and \"z\"") == true && error?.description.contains("auth.keys") == true)
        #expect(try file.read()?.keys.map(\.name) == ["x", "y"])
    }

    @Test("a publishable key gets its scope from its id, and keeps its kind")
    func publishable() throws {
        let home = try TemporaryDirectory()
        let file = KeyFile(FilePath(home.path + "/keys.json"))
        let text = #"[{"name":"p","key":"\#(Self.secrets[0])","kind":"publishable","origins":["https://a.example"]}]"#
        for _ in 1...2 { try file.takeOver(try Self.given(text)) }
        let key = try #require(try file.read()?.keys.first)
        #expect(key.kind == .publishable && key.scopes.map(\.description) == ["web:\(key.id):"] && key.permits(origin: "https://a.example"))
        #expect(key.permissions == [.chat, .read, .write])
        let secret = try Self.given(#"[{"name":"p","key":"\#(Self.secrets[0])","kind":"secret"}]"#)
        #expect(throws: KeyFileError.self) { try file.takeOver(secret) }
        #expect(try file.read()?.keys.first?.kind == .publishable)
    }

    @Test(
        "what cannot be a key is refused with a sentence that does not show it",
        arguments: [
            (#"{"name":"me","key":"0123456789abcde"}"#, "keys[0].key must be at least 16 visible ASCII characters"),
            (#"{"name":"me","key":"0123456789 abcdef"}"#, "keys[0].key must be at least 16 visible ASCII characters"),
            (#"{"name":"me"}"#, "keys[0].key is required"), (#"{"key":"0123456789abcdef"}"#, "keys[0].name is required"),
            (#"{"name":"me","key":"0123456789abcdef","scopes":["wx"]}"#, "keys[0].scopes[0] must end with a colon"),
            (#"{"name":"me","key":"0123456789abcdef","id":"key_1"}"#, "keys[0].id is not known here"),
            (#"{"name":"me","key":"0123456789abcdef","secrets":[]}"#, "keys[0].secrets is not known here"),
            (#"{"name":"me","key":"0123456789abcdef","scope":"*"}"#, "keys[0].scope is not known here"),
            (#"{"name":"a","key":"0123456789abcdef"},{"name":"a","key":"1123456789abcdef"}"#, "keys[1] has the name of another key, a"),
            (#"{"name":"a","key":"0123456789abcdef"},{"name":"b","key":"0123456789abcdef"}"#, "keys[1] has the secret of another key, a"),
            (#"{"name":"me","key":"0123456789abcdef","kind":"publishable"}"#, "keys[0] must have an origin, since it is publishable"),
        ])
    func refused(text: String, message: String) throws {
        do throws(JSONFieldError) {
            _ = try GivenKey.list(JSONField(try! JSONField(parsing: Array("[\(text)]".utf8)).value, path: "keys"))
            Issue.record("it was read")
        } catch {
            #expect(error.description.hasPrefix(message) && !error.description.contains("0123456789"))
        }
    }
}

@Suite("The last use of API keys")
struct KeyUseTests {
    @Test("a use is noted once a day, and not for an id that is no file's name")
    func noted() throws {
        let home = try TemporaryDirectory()
        let use = KeyUse(dataDirectory: FilePath(home.path))
        var key = APIKey.make("a").key
        #expect(use.lastDay(key) == nil)
        use.note(key, now: Date())
        let today = String(Date().ISO8601Format().prefix(10))
        #expect(use.lastDay(key) == today)
        let path = home.path + "/last-used/" + key.id
        func modified() throws -> Date? { try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date }
        let (noon, earlier) = (Date(timeIntervalSince1970: 1_800_000_000), Date(timeIntervalSince1970: 1_800_000_000 - 86_400))
        try FileManager.default.setAttributes([.modificationDate: noon], ofItemAtPath: path)
        use.note(key, now: noon.addingTimeInterval(60))
        #expect(try modified() == noon && use.lastDay(key) == "2027-01-15")
        try FileManager.default.setAttributes([.modificationDate: earlier], ofItemAtPath: path)
        // This process knows of that day already.
        use.note(key, now: noon)
        #expect(try modified() == earlier)
        KeyUse(dataDirectory: FilePath(home.path)).note(key, now: noon)
        #expect(try modified() != earlier)
        use.forget(key)
        #expect(use.lastDay(key) == nil)
        for id in ["../escaped", "..", "."] {
            key.id = id
            use.note(key, now: Date())
            #expect(use.lastDay(key) == nil)
        }
        #expect(!FileManager.default.fileExists(atPath: home.path + "/escaped"))
    }
}
