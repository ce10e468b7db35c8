import FoundationEssentials
import Text

/// A mount of CephFS. With the defaults, a host that was cut off gets no session again before its mount is made anew; with one setting it goes
/// on, and a turn of it does not know that its lock is gone.
struct CephMount {
    private let mount: Mount
    /// The arguments of the process that serves a FUSE mount.
    private let command: [String]
    /// The client's settings, as ceph.conf has them.
    private let settings: String

    init(_ mount: Mount) {
        let command = mount.kind == "ceph" ? [] : Self.command(serving: mount.point)
        let file = zip(command, command.dropFirst()).first { $0.0 == "-c" || $0.0 == "--conf" }?.1 ?? "/etc/ceph/ceph.conf"
        let settings = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
        self.init(mount, command: command, settings: settings ?? "")
    }

    init(_ mount: Mount, command: [String], settings: String) {
        (self.mount, self.command, self.settings) = (mount, command, settings)
    }

    func faults() -> [Diagnostic] {
        let consequence = "a host that was cut off goes on without its locks, and a turn may be stored twice"
        if mount.kind == "ceph" {
            guard mount.value("recover_session") == "clean" else { return [] }
            return [
                .problem(
                    "mount: \(mount.point) is CephFS with recover_session=clean: \(consequence)",
                    ["mount it without recover_session=clean    # and in /etc/fstab"])
            ]
        }
        let name = "client_reconnect_stale"
        let isSet = (command + settings.split(separator: "\n").map(String.init)).contains { Self.isSwitchedOn(name, in: $0) }
        // The value may be the next argument.
        guard isSet || zip(command, command.dropFirst()).contains(where: { Self.isSwitchedOn(name, in: "\($0)=\($1)") }) else { return [] }
        return [
            .problem(
                "mount: \(mount.point) is CephFS with \(name)=true: \(consequence)",
                ["\(name) = false    # in ceph.conf, or out of the command that mounts it; then umount and mount it"])
        ]
    }

    /// True if a line or an argument sets it. Ceph takes spaces, hyphens and underscores for the same, and more words than `true`.
    private static func isSwitchedOn(_ name: String, in text: String) -> Bool {
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return false }
        let words = parts[0].utf8.split { " \t-_".utf8.contains($0) }.map { String(Substring($0)) }.joined(separator: "_")
        let value = parts[1].utf8.split { " \t".utf8.contains($0) }.first.map { String(Substring($0)).lowercased() } ?? ""
        return words == name && ["true", "1", "yes", "on"].contains { $0 == value }
    }

    private static func command(serving point: String) -> [String] {
        let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }
        for process in processes {
            guard let bytes = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") else { continue }
            let arguments = bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            if arguments.first?.hasSuffix("ceph-fuse") == true, arguments.contains(where: { $0 == point }) { return arguments }
        }
        return []
    }
}
