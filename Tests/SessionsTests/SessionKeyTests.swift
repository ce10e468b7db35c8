import Testing

@testable import Sessions

@Suite("Session keys")
struct SessionKeyTests {
    @Test(
        "a key's file name is percent-encoded",
        arguments: [
            ("wx:dm:user_alice", "wx%3Adm%3Auser_alice"),
            ("wx:group:group_abc:user:user_alice", "wx%3Agroup%3Agroup_abc%3Auser%3Auser_alice"),
            ("a:b", "a%3Ab"),
            ("a_b", "a_b"),
            ("a%3Ab", "a%253Ab"),
            ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
            (".", "%2E"),
            ("..", "%2E."),
            ("con", "con"),
            ("微信", "%E5%BE%AE%E4%BF%A1"),
            ("a b~c", "a%20b%7Ec"),
        ])
    func fileName(_ key: String, name: String) throws {
        #expect(try SessionKey(key).fileName == name)
    }

    @Test(
        "white space at either end is refused, so that a key has one spelling",
        arguments: ["\t", " ", "\u{a0}", "\u{1680}", "\u{2003}", "\u{2028}", "\u{202f}", "\u{3000}"])
    func whiteSpace(_ blank: String) throws {
        for text in [blank + "a", "a" + blank, blank + "a" + blank, blank] {
            let error = #expect(throws: SessionError.self) { try SessionKey(text) }
            #expect(error?.code == .invalidKey)
        }
        if blank != "\t" { #expect(try SessionKey("a\(blank)b").description == "a\(blank)b") }
    }

    @Test(
        "a key that breaks the rules is refused",
        arguments: [
            "", " ", "\t", "a\u{0}b", "a\nb", "\u{7f}a", "a\u{85}b", "a\u{fffd}", String(repeating: "x", count: 513),
            String(repeating: "微", count: 171),
        ])
    func refusal(_ text: String) {
        let error = #expect(throws: SessionError.self) { try SessionKey(text) }
        #expect(error?.code == .invalidKey)
    }

    @Test("the longest keys have names that fit and differ")
    func longKeys() throws {
        let stem = String(repeating: "微", count: 170)
        let names = try [stem, stem + "a", stem + "b"].map { try SessionKey($0).fileName }
        #expect(Set(names).count == 3)
        #expect(names.allSatisfy { $0.utf8.count == 165 && $0.dropFirst(100).first == "~" })
    }

    @Test("a file name of 200 bytes is kept, one of 201 is shortened")
    func threshold() throws {
        #expect(try SessionKey(String(repeating: "x", count: 200)).fileName == String(repeating: "x", count: 200))
        #expect(try SessionKey(String(repeating: "x", count: 201)).fileName.contains("~"))
    }

    @Test("canonically equivalent spellings are two keys")
    func canonicalEquivalence() throws {
        let (composed, decomposed) = (try SessionKey("caf\u{e9}"), try SessionKey("cafe\u{301}"))
        #expect(composed != decomposed)
        #expect(composed.fileName != decomposed.fileName)
        #expect(composed.lockOffset != decomposed.lockOffset)
    }

    @Test("a key's place in the lock files is the same in every version")
    func lockOffset() throws {
        // The first 62 bits of SHA-256("a"), twice.
        #expect(try SessionKey("a").lockOffset == 0x654b_c089_650d_dee4)
        #expect(try SessionKey("a").queueOffset == 0x654b_c089_650d_dee5)
    }
}
