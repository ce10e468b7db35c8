import Foundation
import Glibc

/// A process that was not started by the test itself, seen through /proc (proc(5)).
struct OtherProcess: Sendable {
    let processID: pid_t

    /// One that has ended and that nobody has waited for does not run. Its first thread may end before others, which still hold its
    /// sockets.
    var isRunning: Bool {
        guard let state = status?.state else { return false }
        let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(processID)/task").count) ?? 0
        return threads > 1 || state != "Z" && state != "X"
    }

    /// The command line.
    var arguments: [String] {
        let line = FileManager.default.contents(atPath: "/proc/\(processID)/cmdline") ?? Data()
        return line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The number of timers that the kernel keeps for it (timerfd_create(2)).
    var timerCount: Int {
        let directory = "/proc/\(processID)/fd"
        return ((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []).count { name in
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(directory)/\(name)")) == "anon_inode:[timerfd]"
        }
    }

    /// Children, their children, and so on, at this moment.
    static func descendants(of processID: pid_t) -> [OtherProcess] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        let all = names.compactMap { pid_t($0) }.map(OtherProcess.init(processID:))
        let children = Dictionary(grouping: all) { $0.status?.parent ?? 0 }
        func below(_ parent: pid_t) -> [OtherProcess] {
            (children[parent] ?? []).flatMap { [$0] + below($0.processID) }
        }
        return below(processID)
    }

    private var status: (state: String, parent: pid_t)? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(processID)/stat") else { return nil }
        // The name stands in parentheses and may contain anything.
        let fields = String(decoding: data, as: UTF8.self).split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (String(fields[0]), parent)
    }
}
