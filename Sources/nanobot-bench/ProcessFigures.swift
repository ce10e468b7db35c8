import FoundationEssentials
import Glibc

/// A process's figures from proc(5).
struct ProcessFigures {
    /// Seconds of user and system time of all threads.
    let cpuSeconds: Double
    /// Resident memory in megabytes of 1,000,000 bytes.
    let residentMegabytes: Double
    let threads: Int

    init(of processID: pid_t) throws {
        let stat = try Self.text("/proc/\(processID)/stat")
        // The name, field 2, stands in parentheses and may contain anything; utime and stime are fields 14 and 15.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else {
            throw Failure(description: "/proc/\(processID)/stat is not as proc(5) says.")
        }
        cpuSeconds = (user + system) / Double(sysconf(CInt(_SC_CLK_TCK)))

        let status = try Self.text("/proc/\(processID)/status").split(separator: "\n")
        func number(_ name: String) throws -> Int {
            let line = status.first { $0.hasPrefix("\(name):") }
            guard let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) }) else {
                throw Failure(description: "/proc/\(processID)/status does not give \(name).")
            }
            return number
        }
        residentMegabytes = Double(try number("VmRSS") * 1024) / 1e6
        threads = try number("Threads")
    }

    /// Bytes that a process has caused to be written to storage, counted in changed pages.
    static func writtenBytes(of processID: pid_t) throws -> Int {
        let line = try text("/proc/\(processID)/io").split(separator: "\n").first { $0.hasPrefix("write_bytes:") }
        guard let bytes = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
            throw Failure(description: "/proc/\(processID)/io does not give write_bytes.")
        }
        return bytes
    }

    private static func text(_ path: String) throws -> String {
        guard let data = FileManager.default.contents(atPath: path) else { throw Failure(description: "\(path) cannot be read.") }
        return String(decoding: data, as: UTF8.self)
    }
}
