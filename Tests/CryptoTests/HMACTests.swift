import Crypto
import Testing

@Suite("HMAC-SHA-256")
struct HMACTests {
    /// RFC 4231, sections 4.2, 4.3 and 4.7.
    private static let vectors: [(key: [UInt8], data: [UInt8], digest: String)] = [
        ([UInt8](repeating: 0x0b, count: 20), Array("Hi There".utf8), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            Array("Jefe".utf8), Array("what do ya want for nothing?".utf8),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        ),
        (
            [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
        ),
    ]

    @Test("the digests are those of RFC 4231", arguments: vectors)
    func digests(key: [UInt8], data: [UInt8], digest: String) {
        let hexadecimal = HMAC.digest(of: data, key: key).map { byte in
            let digits = String(byte, radix: 16)
            return digits.utf8.count == 1 ? "0" + digits : digits
        }
        #expect(hexadecimal.joined() == digest)
    }

    @Test(
        "texts are equal if all of their bytes are",
        arguments: [("", "", true), ("a", "a", true), ("a", "b", false), ("a", "ab", false), ("é", "e\u{301}", false)])
    func equality(sent: String, expected: String, isEqual: Bool) {
        #expect(HMAC.isEqual(sent, expected) == isEqual)
    }
}
