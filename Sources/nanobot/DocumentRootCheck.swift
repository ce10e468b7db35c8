import Glibc
import Locking

/// Whether a directory is inside a web server's document root, whatever links lead there.
final class DocumentRootCheck: Sendable {
    private let directory: String?
    /// A web server names the same one with each request.
    private let last = Mutex<(root: String, isInside: Bool)?>(nil)

    /// - Parameter directory: one that is there.
    init(_ directory: String) { self.directory = Self.resolved(directory) }

    func isInside(_ root: String) -> Bool {
        last.withLock { last in
            if let last, last.root == root { return last.isInside }
            var isInside = false
            if let directory, let folder = Self.resolved(root) {
                isInside = directory == folder || directory.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
            }
            last = (root, isInside)
            return isInside
        }
    }

    /// A path without symbolic links; nil where nothing is there.
    static func resolved(_ path: String) -> String? {
        guard !path.isEmpty, let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
