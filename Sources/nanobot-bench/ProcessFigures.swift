import FoundationEssentials
import Glibc

/// A process's figures.
struct ProcessFigures {
    /// Seconds of user and system time of all threads.
    let cpuSeconds: Double
    /// Resident memory in megabytes of 1,000,000 bytes.
    let residentMegabytes: Double
    let threads: Int

    init(of processID: pid_t) throws {
        // In nanoseconds; proc(5) counts in hundredths of a second.
        var (clock, time) = (clockid_t(), timespec())
        guard clock_getcpuclockid(processID, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw Failure(description: "The processor time of process \(processID) cannot be read.")
        }
        cpuSeconds = Double(time.tv_sec) + Double(time.tv_nsec) / 1e9

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
