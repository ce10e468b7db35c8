import FoundationEssentials
import Glibc

/// A private directory (0700) for the responder's socket and the web server's files. It lasts as long as the program.
struct RuntimeDirectory {
    let path: String

    private static let prefix = "nanobot-"

    /// Creates the directory, and removes those that killed programs left behind.
    init() throws {
        let parent = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"].flatMap { access($0, W_OK) == 0 ? $0 : nil } ?? "/tmp"
        Self.removeAbandoned(in: parent)
        var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure(description: "No directory can be made in \(parent): \(String(cString: strerror(errno))).")
        }
        path = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        // Held until the process ends, so that others know that the directory is in use.
        _ = Self.lock(path)
    }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }

    private static func removeAbandoned(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFDIR else { continue }
            guard access("\(path)/lock", F_OK) == 0, let descriptor = lock(path) else { continue }
            try? FileManager.default.removeItem(atPath: path)
            close(descriptor)
        }
    }

    /// The lock's descriptor; nil if another process holds the lock.
    private static func lock(_ path: String) -> CInt? {
        let descriptor = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { return nil }
        guard lockf(descriptor, F_TLOCK, 0) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
