import Crypto
import Testing

@Suite("Identifiers")
struct IdentifierTests {
    private static let alphabet = Set("abcdefghijklmnopqrstuvwxyz012345".utf8)

    @Test("a random identifier is the prefix and 24 letters and digits, never the same ones", arguments: ["turn-", "req_", ""])
    func random(prefix: String) {
        let identifiers = (0..<1000).map { _ in Identifier.make(prefix: prefix) }
        #expect(Set(identifiers).count == 1000)
        for identifier in identifiers {
            #expect(identifier.hasPrefix(prefix))
            #expect(identifier.utf8.count == prefix.utf8.count + 24)
            #expect(identifier.utf8.dropFirst(prefix.utf8.count).allSatisfy { Self.alphabet.contains($0) })
        }
        // Of 24,000 characters, each of the 32 is about one in 32.
        let counts = Dictionary(grouping: identifiers.flatMap { $0.utf8.dropFirst(prefix.utf8.count) }) { $0 }.mapValues(\.count)
        #expect(counts.count == 32 && counts.values.allSatisfy { 550...950 ~= $0 })
    }

    @Test("the identifier of a digest is always the same, and depends on its first 16 bytes")
    func digest() {
        let digest = [UInt8](0..<32)
        let identifier = Identifier.make(prefix: "turn-", digest: digest)
        // 0x0001020304050607 and 0x08090a0b0c0d0e0f, the lowest five bits first.
        #expect(identifier == "turn-hqbkacmaciaapqd0agmbkicq")
        #expect(Identifier.make(prefix: "turn-", digest: Array(digest.prefix(16))) == identifier)
        // Each number gives 60 bits, so the highest four bits of each eight bytes do not count.
        for index in 0..<16 {
            var other = digest
            other[index] ^= 1
            #expect(Identifier.make(prefix: "turn-", digest: other) != identifier, "\(index)")
        }
    }
}
