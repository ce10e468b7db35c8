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

    /// Nil if no mount contains the path.
    ///
    /// - Parameter path: without symbolic links.
    init?(at path: String) {
        guard let mount = Mount(at: path) else { return nil }
        name = mount.kind
    }

    /// - Parameter mounts: in the format of mountinfo (proc(5)).
    init?(at path: String, mounts: String) {
        guard let mount = Mount(at: path, mounts: mounts) else { return nil }
        name = mount.kind
    }
}
