import Text

/// A mount of NFS, whose options decide whether locks reach the server and how long a host remembers (nfs(5)).
struct NFSMount {
    let mount: Mount

    func faults() -> [Diagnostic] { lockFaults() + cacheFaults() }

    private func lockFaults() -> [Diagnostic] {
        // Of the values of local_lock, `flock` concerns another kind of locks.
        let isLocal = mount.value("local_lock").map { $0 == "all" || $0 == "posix" } ?? false
        if isLocal || mount.has("nolock") {
            let name = isLocal ? "local_lock=\(mount.value("local_lock") ?? "")" : "nolock"
            let text = "mount: \(mount.point) is NFS with \(name): locks keep out nobody on other hosts, and turns overwrite each other"
            return [.problem(text, fix)]
        }
        guard mount.value("vers").map({ $0.hasPrefix("4") }) ?? (mount.kind == "nfs4") else {
            return [
                .warning(
                    "mount: \(mount.point) is NFS before version 4: locks need rpc.statd on every host, and stay when a host dies without it",
                    fix)
            ]
        }
        return []
    }

    private func cacheFaults() -> [Diagnostic] {
        let remembersNothing = ["acregmin", "acregmax", "acdirmin", "acdirmax"].allSatisfy { mount.value($0) == "0" }
        guard !mount.has("noac"), !remembersNothing else { return [] }
        return [
            .warning(
                "mount: \(mount.point) is NFS without actimeo=0: what another host renames or removes may be seen late, by default up to 60 s",
                fix)
        ]
    }

    var fix: [String] {
        [
            "\(mount.source) \(mount.point) nfs4 vers=4.2,hard,actimeo=0,lookupcache=none 0 0    # in /etc/fstab",
            "umount \(mount.point) && mount \(mount.point)",
        ]
    }
}
