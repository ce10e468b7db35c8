import Glibc
import Testing

/// A kernel that a process has instead of the system's.
enum Kernel: CaseIterable, CustomTestStringConvertible {
    case systems
    /// Linux 3.10.
    case old
    /// Linux 3.10 below a sandbox that forbids what it does not know.
    case sandboxed

    /// What the process gets.
    var environment: [String: String] {
        switch self {
        case .systems: [:]
        case .old: ["LD_PRELOAD": TestLibrary.path("OldKernel")]
        case .sandboxed: ["LD_PRELOAD": TestLibrary.path("OldKernel"), "OLD_KERNEL_ERROR": "\(EPERM)"]
        }
    }

    var testDescription: String {
        switch self {
        case .systems: "this kernel"
        case .old: "Linux 3.10"
        case .sandboxed: "a sandbox on Linux 3.10"
        }
    }
}
