import Concurrency
import FoundationEssentials
import Glibc

/// What holds a process's temporary directories. It is locked while the process lives (flock(2)), and removed when it ends.
struct ProcessDirectory {
    private static let prefix = "nanobot-tests-"
    private static let all = Mutex<[String: ProcessDirectory]>([:])

    let path: String

    /// This process's, in a parent directory. The first call removes those of processes that died.
    static func of(_ parent: String) throws -> ProcessDirectory {
        try all.withLock { all in
            if let existing = all[parent] { return existing }
            if all.isEmpty { atexit { ProcessDirectory.all.withLock { for own in $0.values { own.remove() } } } }
            removeAbandoned(in: parent)
            let new = try ProcessDirectory(in: parent)
            all[parent] = new
            return new
        }
    }

    private init(in parent: String) throws {
        var path: String
        repeat {
            var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
            guard mkdtemp(&template) != nil else {
                throw TemporaryDirectory.Failed(description: "\(parent): \(String(cString: strerror(errno)))")
            }
            path = template.withUnsafeBytes { String(decoding: $0.dropLast(), as: UTF8.self) }
            // Another process may take it for abandoned before it is locked.
        } while Self.lock(path) == nil || access(path, F_OK) != 0
        // The workers of web servers are another user: they reach the directories below it that let them.
        chmod(path, 0o711)
        self.path = path
    }

    private func remove() { try? FileManager.default.removeItem(atPath: path) }

    static func removeAbandoned(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_uid == geteuid(), let descriptor = lock(path) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            close(descriptor)
        }
    }

    /// The descriptor that holds the lock; nil if another process has it.
    private static func lock(_ path: String) -> CInt? {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        close(descriptor)
        return nil
    }
}
