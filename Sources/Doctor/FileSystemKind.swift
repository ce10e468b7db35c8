import FoundationEssentials
import Text

/// The file system that a directory is on.
struct FileSystemKind {
    /// Linux's name for it, such as `ext4`.
    let name: String

    /// Why sessions may not be safe there; nil if they are.
    var doubt: String? {
        if Self.memories.contains(name) { return "it is in memory, and empty after the host's next start" }
        return Self.networks.contains(name) || name.hasPrefix("fuse")
            ? "whether locks hold and what is written stays depends on the program or the host behind it" : nil
    }

    private static let networks = [
        "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "virtiofs", "ceph", "lustre", "afs", "gfs2", "ocfs2", "vboxsf", "prl_fs",
    ]
    private static let memories = ["tmpfs", "ramfs"]

    /// Looks the path up among the mount points, since the module Glibc has no statfs(2). Nil if none contains it.
    ///
    /// - Parameter path: without symbolic links.
    init?(at path: String) {
        guard let table = FileManager.default.contents(atPath: "/proc/self/mountinfo") else { return nil }
        self.init(at: path, mounts: String(decoding: table, as: UTF8.self))
    }

    /// - Parameter mounts: in the format of mountinfo (proc(5)). Of two mounts at one point, the later hides the other.
    init?(at path: String, mounts: String) {
        var found: (point: String, name: String)?
        for line in mounts.split(separator: "\n") {
            let fields = line.split(separator: " ")
            guard fields.count > 4, let separator = fields.firstIndex(where: { $0 == "-" }), separator + 1 < fields.count else { continue }
            let point = Self.unescaped(fields[4])
            guard path == point || path.utf8.starts(with: (point.hasSuffix("/") ? point : point + "/").utf8),
                point.utf8.count >= found?.point.utf8.count ?? 0
            else { continue }
            found = (point, String(fields[separator + 1]))
        }
        guard let found else { return nil }
        name = found.name
    }

    /// Decodes white space and backslashes, which mountinfo writes as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
