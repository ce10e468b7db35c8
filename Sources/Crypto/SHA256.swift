import CSodium

/// SHA-256 (FIPS 180-4), by libsodium.
package enum SHA256 {
    /// The 32 bytes of the digest.
    package static func digest(of bytes: some Collection<UInt8>) -> [UInt8] {
        let input = Array(bytes)
        var digest = [UInt8](repeating: 0, count: 32)
        // This cannot fail (libsodium documentation, "SHA-2").
        crypto_hash_sha256(&digest, input, UInt64(input.count))
        return digest
    }

    /// The digest as 64 lower-case hexadecimal digits.
    package static func hexadecimal(of bytes: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in digest(of: bytes) {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
