import Files
import Glibc
import Sessions
import SystemPackage
import Server
import Text

/// Checks that sessions can live in the data directory.
struct DirectoryCheck {
    let path: FilePath
    let minimumFreeBytes: Int
    /// The id that it must carry; nil if other machines have no part in it.
    var cluster: String?

    func diagnostics() -> [Diagnostic] {
        // If it does not exist yet, check the directory that a responder would create it in.
        var (directory, isThere) = (path, true)
        var status = stat()
        while directory.withPlatformString({ stat($0, &status) }) != 0 {
            let error = Errno(rawValue: errno)
            guard error == .noSuchFileOrDirectory, directory.removeLastComponent() else {
                return [.problem("data directory: \(directory) cannot be looked at: \(error)")]
            }
            if directory.isEmpty { directory = "." }
            isThere = false
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            return [.problem("data directory: \(directory) is not a directory", Fix.elsewhere)]
        }
        guard directory.withPlatformString({ access($0, R_OK | W_OK | X_OK) }) == 0 else {
            return [unusable(directory, Errno(rawValue: errno), owner: Self.userName(status.st_uid))]
        }
        let found = isThere ? "\(path) can be written" : "\(path) is not there yet, and can be made in \(directory)"
        return [.ok("data directory: \(found)")] + probe(in: directory) + place(directory) + mark()
            + (isThere ? modes(status.st_mode) : [])
    }

    /// Checks that the directory is the one that several machines share.
    private func mark() -> [Diagnostic] {
        let found = (try? ClusterFileSystem.id(of: path, in: UninterruptedFileSystem(HostFileSystem()))) ?? nil
        switch (cluster, found) {
        case (nil, nil): return []
        case (nil, let found?):
            return [
                .warning(
                    "data directory: \(path) carries the mark of a cluster: if it is ever not mounted, another one is made in its place",
                    ["set storage.cluster (NANOBOT_STORAGE_CLUSTER) to \(found)"])
            ]
        case (let cluster?, let found?) where cluster == found:
            return [.ok("data directory: it carries the mark of its cluster, \(cluster)")]
        case (let cluster?, _):
            return [
                .problem(
                    "data directory: \(path) does not carry the mark \(cluster), as storage.cluster says: every request is refused",
                    ["mount the shared file system", "nanobot cluster init \(path)    # prints the id for storage.cluster, if it is new"])
            ]
        }
    }

    private func unusable(_ directory: FilePath, _ error: Errno, owner: String) -> Diagnostic {
        .problem(
            "data directory: \(directory) cannot be written by the user \(Self.userName(geteuid())): \(error)",
            [
                "sudo -u \(owner) nanobot doctor    # where the responder runs as \(owner), to whom it belongs"
            ] + Fix.elsewhere)
    }

    /// Writes, waits for the disk, and locks, as turns do.
    private func probe(in directory: FilePath) -> [Diagnostic] {
        do {
            let probe = try FileSystemProbe(in: directory)
            try probe.write()
            try probe.lock()
            let free = try probe.freeByteCount()
            let works = Diagnostic.ok("data directory: what is written gets to the disk (fdatasync), and locks keep others out")
            guard free < minimumFreeBytes else { return [works] }
            let text = "data directory: \(free) bytes are free; with fewer than \(minimumFreeBytes) no turn is stored"
            return [works, .problem(text, ["make room, or lower storage.minFreeBytes (NANOBOT_STORAGE_MIN_FREE_BYTES)"])]
        } catch {
            return [.problem("data directory: \(error)", Fix.elsewhere)]
        }
    }

    private func place(_ directory: FilePath) -> [Diagnostic] {
        guard let kind = DocumentRootCheck.resolved(directory.string).flatMap(FileSystemKind.init) else { return [] }
        return [
            kind.doubt.map { .warning("data directory: it is on \(kind.name): \($0)", Fix.elsewhere) }
                ?? .ok("data directory: it is on \(kind.name)")
        ]
    }

    /// Checks that other users can read neither conversations nor session keys, which are the files' names.
    private func modes(_ mode: mode_t) -> [Diagnostic] {
        let isEntered = mode & 0o011 != 0
        let open = ["sessions", "quarantine", "archive"].map { path.appending($0) }.filter { directory in
            var status = stat()
            return directory.withPlatformString { stat($0, &status) } == 0 && status.st_mode & 0o077 != 0
        }
        guard isEntered, !open.isEmpty else { return [.ok("data directory: other users see nothing of what is in it")] }
        return [
            .problem(
                "data directory: other users of this host may look into \(open.map(\.string).joined(separator: " and "))",
                ["chmod 700 " + open.map(\.string).joined(separator: " ")])
        ]
    }

    static func userName(_ id: uid_t) -> String { getpwuid(id).map { String(cString: $0.pointee.pw_name) } ?? "\(id)" }
}
