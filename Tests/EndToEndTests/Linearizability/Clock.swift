import Foundation

/// A time of day that a process has instead of the system's.
enum Clock: Int, CaseIterable {
    case right = 0
    case behind = -90_000
    case ahead = 72_000
    case farAhead = 172_800

    /// `WrongClock`, which was built with the tests.
    private static let library =
        URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/libWrongClock.so"

    /// What the process gets.
    var environment: [String: String] {
        self == .right ? [:] : ["LD_PRELOAD": Self.library, "WRONG_CLOCK_SECONDS": "\(rawValue)"]
    }
}
