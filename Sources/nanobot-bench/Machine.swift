import FoundationEssentials
import Glibc

/// The machine that the figures depend on.
enum Machine {
    /// One line for the top of the report, and a warning if the directory is in memory.
    static func description(directory: String) -> String {
        let model = lines("/proc/cpuinfo").first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " unknown processor"
        let load = lines("/proc/loadavg").first?.split(separator: " ").prefix(1).joined() ?? "unknown"
        let kernel = lines("/proc/sys/kernel/osrelease").first ?? "unknown"
        var text = "\(sysconf(CInt(_SC_NPROCESSORS_ONLN))) cores,\(model), Linux \(kernel), load average before \(load).\n"
        if isInMemory(directory) {
            text += "\n\(directory) is in memory: choose a directory on a disk with --directory, or sync turns wait for nothing.\n"
        }
        return text
    }

    private static func isInMemory(_ directory: String) -> Bool {
        guard let resolved = realpath(directory, nil) else { return false }
        defer { free(resolved) }
        let path = String(cString: resolved) + "/"
        // proc(5), /proc/PID/mounts: device, mount point, type. The longest mount point that holds the directory is its own.
        let mounts = lines("/proc/self/mounts").map { $0.split(separator: " ") }.filter { mount in
            mount.count > 2 && (mount[1] == "/" || path.hasPrefix("\(mount[1])/"))
        }
        return mounts.max { $0[1].count < $1[1].count }?[2] == "tmpfs"
    }

    private static func lines(_ path: String) -> [Substring] {
        String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self).split(separator: "\n")
    }
}
