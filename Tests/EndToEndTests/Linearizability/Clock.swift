/// A time of day that a process has instead of the system's.
enum Clock: Int, CaseIterable {
    case right = 0
    case behind = -90_000
    case ahead = 72_000
    case farAhead = 172_800

    /// What the process gets.
    var environment: [String: String] {
        self == .right ? [:] : ["LD_PRELOAD": TestLibrary.path("WrongClock"), "WRONG_CLOCK_SECONDS": "\(rawValue)"]
    }
}
