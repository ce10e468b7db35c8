import Foundation

/// A clock that a process has instead of the system's (libfaketime). Only its time of day is wrong.
enum Clock: String, CaseIterable {
    case right
    case behind = "-25h"
    case ahead = "+20h"
    case farAhead = "+2d"

    /// The library; nil if the Debian package faketime is not installed.
    static let library: String? = {
        let folders = (try? FileManager.default.contentsOfDirectory(atPath: "/usr/lib")) ?? []
        return folders.map { "/usr/lib/\($0)/faketime/libfaketime.so.1" }.first { FileManager.default.fileExists(atPath: $0) }
    }()

    var environment: [String: String] {
        guard self != .right, let library = Self.library else { return [:] }
        return ["LD_PRELOAD": library, "FAKETIME": rawValue, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"]
    }

    /// Removes what the library of a killed process left: the next process with the same number would not start.
    static func removeTraces(of processID: pid_t) {
        for name in ["faketime_shm_\(processID)", "sem.faketime_sem_\(processID)"] { unlink("/dev/shm/\(name)") }
    }
}
