import FoundationEssentials
import Text

/// A mount of GlusterFS, whose defaults let a host answer from what it remembers of a file.
struct GlusterMount {
    private let mount: Mount
    /// The words of the command that serves the mount; nil if they cannot be seen.
    private let command: [Substring]?
    /// What the volume's settings have put between the mount and its servers; nil if that cannot be seen.
    private let translators: [String]?

    /// Reads the mount's own description of itself: a hidden directory `.meta` (GlusterFS's xlators/meta).
    init(_ mount: Mount) {
        let meta = mount.point + "/.meta"
        let command = FileManager.default.contents(atPath: meta + "/cmdline").map { String(decoding: $0, as: UTF8.self) }
        self.init(mount, command: command, translators: try? FileManager.default.contentsOfDirectory(atPath: meta + "/graphs/active"))
    }

    /// - Parameter command: as `.meta/cmdline` has it, in a JSON object.
    init(_ mount: Mount, command: String?, translators: [String]?) {
        self.mount = mount
        self.command = command?.split { " =\"\n\t".utf8.contains($0.utf8.first ?? 0) }
        self.translators = translators
    }

    /// Seconds for which a mount remembers, and how many if its command does not say (glusterfs(8)).
    private static let timeouts = [("attribute-timeout", 1.0), ("entry-timeout", 1.0), ("negative-timeout", 0.0)]

    private static let settings = [
        ("-md-cache", "performance.stat-prefetch", "the sizes and times of files"),
        ("-nl-cache", "performance.nl-cache", "which files are not there"),
    ]

    func faults() -> [Diagnostic] { timeoutFaults() + settingFaults() }

    private func timeoutFaults() -> [Diagnostic] {
        guard let command else {
            return [
                .warning(
                    "mount: whether \(mount.point) remembers the state of files could not be seen",
                    ["ps -ww -C glusterfs -o args    # must show --attribute-timeout=0 --entry-timeout=0"])
            ]
        }
        let late = Self.timeouts.filter { name, standard in
            let index = command.lastIndex { $0 == "--" + name }
            return (index.map { command.dropFirst($0 + 1).first.flatMap { Double(String($0)) } } ?? standard) != 0
        }
        guard !late.isEmpty else { return [] }
        let names = late.map { "\($0.0)=0" }.joined(separator: " and ")
        return [
            .problem(
                "mount: \(mount.point) is GlusterFS without \(names): a turn may overwrite one that another host has just stored",
                [mountLine])
        ]
    }

    private func settingFaults() -> [Diagnostic] {
        guard let translators else {
            return [
                .warning(
                    "mount: whether performance.stat-prefetch is off could not be seen",
                    ["gluster volume get \(volume) performance.stat-prefetch    # on a server of the volume; must say off"])
            ]
        }
        return Self.settings.filter { suffix, _, _ in translators.contains { $0.hasSuffix(suffix) } }.map { _, name, what in
            .problem(
                "mount: \(name) is on for \(mount.point): it remembers \(what), and turns of other hosts are overwritten or not seen",
                ["gluster volume set \(volume) \(name) off    # on a server of the volume"])
        }
    }

    var fix: [String] { [mountLine, "gluster volume set \(volume) performance.stat-prefetch off    # on a server of the volume"] }

    private var mountLine: String {
        "umount \(mount.point) && mount -t glusterfs -o attribute-timeout=0,entry-timeout=0 \(mount.source) \(mount.point)    # and in /etc/fstab"
    }

    /// The source is `host:/volume` or `host:/volume/directory`.
    private var volume: String {
        mount.source.split(separator: ":").last.flatMap { $0.split(separator: "/").first }.map(String.init) ?? "VOLUME"
    }
}
