import Foundation

/// Random numbers that a seed repeats (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
package struct SplitMix64: RandomNumberGenerator {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var bits = state
        bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
        bits = (bits ^ bits >> 27) &* 0x94d0_49bb_1331_11eb
        return bits ^ bits >> 31
    }
}

/// How much random tests do: a bounded part of it, or with `NANOBOT_LONG_TESTS` in the environment a hundred times as much.
package enum TestLength {
    package static let isLong = ProcessInfo.processInfo.environment["NANOBOT_LONG_TESTS"] != nil

    /// Seeds: always the same few, or `factor` times as many new ones; only the one that `NANOBOT_SEED` names, if it does.
    package static func seeds(_ count: Int, longer factor: Int = 100) -> [UInt64] {
        if let seed = ProcessInfo.processInfo.environment["NANOBOT_SEED"].flatMap({ UInt64($0) }) { return [seed] }
        return isLong ? (0..<count * factor).map { _ in .random(in: 0 ... .max) } : (1...UInt64(count)).map { $0 }
    }
}
