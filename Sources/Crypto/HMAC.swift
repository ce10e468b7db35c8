import CSodium

/// HMAC-SHA-256 (RFC 2104), by libsodium.
package enum HMAC {
    /// The 32 bytes that only who has the key can make of a text.
    package static func digest(of bytes: some Collection<UInt8>, key: [UInt8]) -> [UInt8] {
        let input = Array(bytes)
        var state = crypto_auth_hmacsha256_state()
        var digest = [UInt8](repeating: 0, count: 32)
        // None of them can fail (libsodium's source, auth_hmacsha256.c).
        crypto_auth_hmacsha256_init(&state, key, key.count)
        crypto_auth_hmacsha256_update(&state, input, UInt64(input.count))
        crypto_auth_hmacsha256_final(&state, &digest)
        return digest
    }

    /// Compares what somebody sent with what it has to be. How long it takes tells nothing but the length.
    package static func isEqual(_ sent: String, _ expected: String) -> Bool {
        let (sent, expected) = (Array(sent.utf8), Array(expected.utf8))
        return sent.count == expected.count && sodium_memcmp(sent, expected, sent.count) == 0
    }
}
