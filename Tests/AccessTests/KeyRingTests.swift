import Foundation
import JSON
import TestSupport
import Testing
import Text

@testable import Access

@Suite("API keys")
struct KeyRingTests {
    private static let now = Date(timeIntervalSince1970: 1_800_000_000)

    @Test(
        "a scope ends with a colon, or is a star",
        arguments: [
            ("*", true), ("wx:", true), ("wx:group:g1:", true), ("wx:..:", true), (":", true), ("", false), ("wx", false), ("wx:*", false),
            ("..", false), ("wx:\n:", false), ("wx:\u{fffd}:", false), (String(repeating: "a", count: 512) + ":", false),
        ])
    func scopes(text: String, isScope: Bool) {
        #expect((SessionScope(text) != nil) == isScope)
    }

    @Test(
        "a scope covers the sessions whose keys begin with it, byte for byte",
        arguments: [
            ("wx:", "wx:dm:a", true), ("wx:", "wx:", true), ("wx:", "WX:dm:a", false), ("wx:", "wx", false), ("wx:g1:", "wx:g10:a", false),
            ("é:", "e\u{301}:a", false), ("*", "anything", true), ("*", "", true),
        ])
    func covers(scope: String, session: String, isCovered: Bool) throws {
        #expect(try #require(SessionScope(scope)).covers(session) == isCovered)
    }

    @Test(
        "an origin is what browsers send, or is made so; anything else is none",
        arguments: [
            ("https://app.example", "https://app.example"), ("HTTPS://App.Example:443", "https://app.example"),
            ("http://a:80", "http://a"), ("http://a:443", "http://a:443"), ("https://a:08443", "https://a:8443"),
            ("http://127.0.0.1:3000", "http://127.0.0.1:3000"), ("http://[::1]:80", "http://[::1]"),
            ("capacitor://localhost", "capacitor://localhost"), ("chrome-extension://abc", "chrome-extension://abc"),
            ("*", nil), ("null", nil), ("", nil), ("://a", nil), ("https://", nil), ("https:///a", nil), ("https://*.a.example", nil),
            ("https://a/", nil), ("https://a/b", nil), ("https://a?b", nil), ("https://a#b", nil), ("https://u@a", nil), ("a.example", nil),
            ("https://a:", nil), ("https://a:0", nil), ("https://a:65536", nil), ("https://a:+80", nil), ("https://a:999999", nil),
            ("https://[a", nil), ("https://[x]", nil), ("https://[::1]x", nil), ("https://ä.example", nil), ("https://a\n", nil),
            (" https://a", nil),
            ("1http://a", nil), ("https://a\u{0}", nil), ("https://" + String(repeating: "a", count: 300), nil),
        ] as [(String, String?)])
    func origins(text: String, origin: String?) {
        #expect(Origin(text)?.description == origin)
    }

    @Test("a key is found by its secret alone, and a secret that was replaced works until its time is over")
    func rotation() throws {
        var ring = KeyRing()
        let (key, first) = APIKey.make("bridge")
        try ring.add(key)
        #expect(ring.key(secret: first, now: Self.now)?.name == "bridge")
        for wrong in ["", "nb-", first + "x", String(first.dropLast()), first.uppercased(), key.id, key.secrets[0].digest] {
            #expect(ring.key(secret: wrong, now: Self.now) == nil)
        }
        var second = ""
        try ring.change("bridge") { second = $0.rotate(grace: 3600, now: Self.now) }
        #expect(ring.key(secret: first, now: Self.now.addingTimeInterval(3599)) != nil)
        #expect(ring.key(secret: first, now: Self.now.addingTimeInterval(3600)) == nil)
        // A second rotation does not lengthen the first one's grace.
        var third = ""
        try ring.change(key.id) { third = $0.rotate(grace: 86_400, now: Self.now) }
        #expect(ring.key(secret: first, now: Self.now.addingTimeInterval(3600)) == nil)
        for secret in [second, third] { #expect(ring.key(secret: secret, now: Self.now.addingTimeInterval(3600))?.id == key.id) }
        try ring.change("bridge") { third = $0.rotate(grace: 0, now: Self.now.addingTimeInterval(100_000)) }
        #expect(ring.keys[0].secrets.count == 1)
        try ring.remove("bridge")
        #expect(ring.key(secret: third, now: Self.now) == nil && ring.keys.isEmpty)
    }

    @Test("names are unique, and a key that is not there is said to be")
    func names() throws {
        var ring = KeyRing()
        let key = APIKey.make("a").key
        try ring.add(key)
        #expect(throws: KeyFileError("There is a key of the name \"a\" already")) { try ring.add(APIKey.make("a").key) }
        #expect(throws: KeyFileError.self) { try ring.add(APIKey.make(key.id).key) }
        #expect(throws: KeyFileError("There is no key of the name or id \"b\"")) { try ring.change("b") { $0.isBlocked = true } }
        #expect(throws: KeyFileError("There is no key of the name or id \"b\"")) { try ring.remove("b") }
    }

    @Test("the file has every fact of a key, and no secret")
    func file() throws {
        var ring = KeyRing()
        var (key, secret) = APIKey.make("bridge\"1\"", scopes: ["wx:", "tg:"])
        key.origins = [try #require(Origin("https://app.example:8443"))]
        (key.models, key.expires, key.isBlocked, key.note) = (["a", "b/c"], Self.now, true, "for \"me\"")
        try ring.add(key)
        try ring.add(APIKey.make("other").key)
        #expect(try KeyRing(ring.serialized).keys.map(\.stored) == ring.keys.map(\.stored))
        #expect(ring.origins == [TextKey("https://app.example:8443")])
        #expect(!String(decoding: ring.serialized, as: UTF8.self).contains(secret.dropFirst(3)))
        #expect(ring.serialized.count { $0 == UInt8(ascii: "\n") } == 4)
    }

    @Test("a publishable key has origins, its visitors' sessions and few routes, and stays so")
    func publishable() throws {
        var ring = KeyRing()
        let origins = [try #require(Origin("https://app.example"))]
        let key = APIKey(name: "site", publishableFor: origins, permissions: [.chat, .read, .write], created: Self.now)
        try ring.add(key)
        let stored = String(decoding: ring.serialized, as: UTF8.self)
        let read = try KeyRing(ring.serialized).keys[0]
        #expect(read.kind == .publishable && read.covers(session: "web:\(key.id):v_a") && !read.covers(session: "web:a"))
        let changes: [((inout APIKey) -> Void, String)] = [
            ({ $0.origins = [] }, "must have an origin"), ({ $0.scopes = [] }, "must have no scope of its own"),
            ({ $0.scopes += [SessionScope("wx:")].compactMap(\.self) }, "must have no scope of its own"),
            ({ $0.permissions.append(.list) }, "must have no other routes"), ({ $0.permissions = [.admin] }, "must have no other routes"),
        ]
        for (change, problem) in changes {
            var changed = ring
            #expect(throws: (any Error).self) { try changed.change("site", change) }
            var other = APIKey(name: "other", publishableFor: origins, permissions: [.chat], created: Self.now)
            change(&other)
            #expect(other.problem?.hasPrefix(problem) == true)
            #expect(throws: (any Error).self) { try changed.add(other) }
        }
        for (text, replacement) in [
            ("publishable", "public"), ("[\"https://app.example\"]", "[]"), ("web:key_", "web:"), ("write", "export"),
        ] {
            #expect(throws: (any Error).self) { try KeyRing(Array(stored.replacing(text, with: replacement).utf8)) }
        }
    }

    @Test("a file that cannot be read for certain is refused with a sentence")
    func refused() throws {
        var ring = KeyRing()
        try ring.add(APIKey.make("a").key)
        let good = String(decoding: ring.serialized, as: UTF8.self)
        func message(_ text: String) -> String? {
            do throws(KeyFileError) {
                _ = try KeyRing(Array(text.utf8))
                return nil
            } catch {
                return error.description
            }
        }
        #expect(message(good) == nil)
        // Cut short anywhere but after its last brace.
        for length in 0..<good.utf8.count - 1 { #expect(message(String(good.utf8.prefix(length))!) != nil) }
        #expect(message(good.replacing("\"version\":1", with: "\"version\":2"))?.contains("newer than this program") == true)
        #expect(message(good.replacing("nanobot-keys", with: "nanobot-session/1")) == "is no file of API keys")
        #expect(message(good.replacing("\"keys\":[", with: "\"more\":1,\"keys\":["))?.contains("more is not known here") == true)
        #expect(message(good.replacing("\"name\":", with: "\"limit\":{},\"name\":"))?.contains("limit is not known here") == true)
        func limits(_ text: String) -> String? { message(good.replacing("\"name\":", with: "\"limits\":\(text),\"name\":")) }
        #expect(limits(#"{"rpm":0,"tpm":\#(Int.max),"tokensPerDay":1e3,"budgetPerMonth":0.5,"parallel":10000}"#) == nil)
        for text in [
            "1", "[]", #"{"rpm":-1}"#, #"{"rpm":9223372036854775808}"#, #"{"rpm":1.5}"#, #"{"rpm":"1"}"#, #"{"tpd":1}"#,
            #"{"budgetPerMonth":-0.1}"#, #"{"budgetPerMonth":1e999}"#, #"{"parallel":10001}"#,
        ] {
            #expect(limits(text)?.contains("limits") == true, "\(text)")
        }
        #expect(message(good.replacing("\"scopes\":[\"*\"]", with: "\"scopes\":[]"))?.contains("at least one scope") == true)
        #expect(message(good.replacing("\"*\"", with: "\"wx\""))?.contains("must end with a colon") == true)
        #expect(message(good.replacing("\"chat\"", with: "\"Chat\""))?.contains("must be one of chat, read") == true)
        #expect(message(good.replacing("\"created\":\"20", with: "\"created\":\"x20"))?.contains("must be a time") == true)
        #expect(message(good.replacing("\"sha256\":\"", with: "\"sha256\":\"x"))?.contains("SHA-256") == true)
        #expect(message(good.replacing("\"sha256\":", with: "\"untill\":\"x\",\"sha256\":"))?.contains("untill is not known here") == true)
        #expect(message(good.replacing("\"a\"", with: "\"a b\""))?.contains("printable ASCII") == true)
        #expect(message(good.replacing("\"name\":", with: "\"origins\":[\"*\"],\"name\":"))?.contains("must be an origin") == true)
        let line = good.split(separator: "\n")[1]
        #expect(message(good.replacing(line, with: line + "," + line))?.hasPrefix("has one secret for two keys") == true)
        for text in ["[]", "null", "{\"format\":1}", "\u{feff}", "{\"format\":\"nanobot-keys\",\"version\":1e400,\"keys\":[]}"] {
            #expect(message(text) != nil)
        }
    }

    @Test(
        "a time is one of the calendar, to the second, in UTC",
        arguments: [
            ("2026-11-26T08:00:00Z", 1_795_680_000), ("1970-01-01T00:00:00Z", 0), ("9999-12-31T23:59:59Z", 253_402_300_799),
            ("0000-01-01T00:00:00Z", -62_167_219_200), ("2027-02-30T00:00:00Z", nil), ("2027-01-31T25:00:00Z", nil),
            ("2027-01-31T10:00:00Z x", nil), ("2027-01-31T10:00:00.5Z", nil), ("2027-01-31T10:00:00+01:00", nil), ("2027-01-31", nil),
            ("99999-01-01T00:00:00Z", nil), ("2027-13-01T00:00:00Z", nil), ("2027-00-01T00:00:00Z", nil), ("", nil),
        ])
    func times(text: String, seconds: Double?) {
        #expect(Date(utc: text)?.timeIntervalSince1970 == seconds)
    }

    @Test("finding one key among 20,000 takes as long as finding the only one")
    func many() throws {
        var text = "{\"format\":\"nanobot-keys\",\"version\":1,\"keys\":["
        let (key, secret) = APIKey.make("last")
        for number in 0..<20_000 {
            var other = key
            (other.id, other.name) = ("key_\(number)", "n\(number)")
            other.secrets = [APIKey.Secret("\(number)")]
            text += String(decoding: other.stored.serialized, as: UTF8.self) + ","
        }
        text += String(decoding: key.stored.serialized, as: UTF8.self) + "]}"
        let ring = try KeyRing(Array(text.utf8))
        #expect(ring.keys.count == 20_001)
        #expect(ring.key(secret: secret, now: Self.now)?.name == "last" && ring.key(secret: "19999", now: Self.now)?.name == "n19999")
    }
}

extension APIKey {
    /// A key with a secret, and the secret.
    static func make(_ name: String, scopes: [String] = ["*"]) -> (key: APIKey, secret: String) {
        var key = APIKey(
            name: name, scopes: scopes.compactMap(SessionScope.init), permissions: [.chat, .read],
            created: Date(timeIntervalSince1970: 1_700_000_000))
        let secret = key.rotate(grace: 0, now: key.created)
        return (key, secret)
    }
}
