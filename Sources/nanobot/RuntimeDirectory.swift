import FoundationEssentials
import Glibc
import Text

/// A private directory (0700) for the responder's socket and the web server's files. It lasts as long as the program.
struct RuntimeDirectory {
    let path: String

    private static let prefix = "nanobot-"
    private static let lockName = "lock"

    /// All that this program and its web servers make in it. A directory that holds anything else is somebody's, and is not removed.
    private static let names: Set = [
        lockName, "responder.sock", "nginx.conf", "nginx.pid", "body", "fastcgi", "proxy", "uwsgi", "scgi", "lighttpd.conf", "uploads",
    ]

    /// Creates the directory, and removes those that killed programs left behind.
    init() throws {
        let parent = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"].flatMap { access($0, W_OK) == 0 ? $0 : nil } ?? "/tmp"
        Self.removeAbandoned(in: parent)
        var template = Array("\(parent)/\(Self.prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw Failure(description: "No directory can be made in \(parent): \(String(cString: strerror(errno))).")
        }
        path = template.withUnsafeBufferPointer { String(decoding: $0.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self) }
        mkdir(path + "/uploads", 0o700)
        // Held until the process ends, so that others know that the directory is in use.
        if let descriptor = Self.lock(path, O_CREAT | O_EXCL), let proof = Self.proof(path) {
            _ = write(descriptor, proof, proof.count)
        }
    }

    func remove() { Self.remove(path) }

    private static func removeAbandoned(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] where name.hasPrefix(prefix) {
            let path = "\(parent)/\(name)"
            guard let proof = proof(path), let descriptor = lock(path) else { continue }
            var bytes = [UInt8](repeating: 0, count: proof.count + 1)
            if read(descriptor, &bytes, bytes.count) == proof.count, bytes.starts(with: proof) { remove(path) }
            close(descriptor)
        }
    }

    private static func remove(_ path: String) {
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: path), Self.names.isSuperset(of: names) else { return }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// What the lock's file says in a directory that this program made: its name and its inode. A copy has another inode, and one that
    /// was kept under another name has another name. Nil unless it is a directory of this user's alone.
    private static func proof(_ path: String) -> [UInt8]? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_uid == geteuid(), status.st_mode & (S_IFMT | 0o777) == S_IFDIR | 0o700 else {
            return nil
        }
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last ?? path.utf8[...]
        return Array("nanobot serve made ".utf8) + name + " as \(status.st_dev):\(status.st_ino)\n".utf8
    }

    /// The lock's descriptor; nil if another process holds the lock, or if there is none and `flags` do not create it.
    private static func lock(_ path: String, _ flags: CInt = 0) -> CInt? {
        let descriptor = open("\(path)/\(lockName)", O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0o600)
        guard descriptor >= 0 else { return nil }
        guard lockf(descriptor, F_TLOCK, 0) == 0 else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}
