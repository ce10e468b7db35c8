/// Numbers at the limits of the types that a program may put them into.
package enum LimitNumbers {
    /// Whole numbers as they are written: those around each power of two that is a type's limit, with either sign.
    package static let integers: [String] = {
        let powers: [Int128] = [7, 8, 15, 16, 31, 32, 52, 53, 62, 63, 64].map { 1 << $0 }
        let around: [Int128] =
            powers.flatMap { (power: Int128) -> [Int128] in [power - 1, power, power + 1] } + [0, 1, 9, 10, 100, 999_999_999_999_999_999]
        return around.flatMap { ["\($0)", "-\($0)"] } + ["99999999999999999999999999999999999999999999999999"]
    }()

    /// Numbers as JSON writes them (RFC 8259, section 6), the whole ones among them.
    package static let json: [String] =
        integers + [
            "-0", "0.0", "-0.0", "0.5", "1e0", "1E+2", "1e18", "1e19", "9.223372036854775807e18", "-9.223372036854775808e18",
            "1e308", "1e309", "-1e309", "1e-400", "1e99999999999999999999", "1e-99999999999999999999", "0.1e1", "2.5",
        ]

    /// Texts in which a program may look for a number or a time.
    package static let texts: [String] =
        integers + json + [
            "", " ", "+1", "0x7f", "1_000", "NaN", "inf", "-inf", "9999999999999999999", "0000-00-00T00:00:00Z",
            "9999-12-31T23:59:59Z", "99999-12-31T23:59:59Z", "2026-11-23T09:00:00+99:99", "1e5", "٣", "９", "1\u{301}",
        ]
}
