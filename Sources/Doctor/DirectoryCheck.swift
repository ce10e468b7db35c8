import Glibc
import Server
import Sessions
import SystemPackage
import Server

/// Checks that sessions can live in the data directory.
struct DirectoryCheck {
    let path: FilePath
    let minimumFreeBytes: Int

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
        return [.ok("data directory: \(found)")] + probe(in: directory) + place(directory) + (isThere ? modes(status.st_mode) : [])
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
