import Concurrency
import Glibc
import Text

/// Checks whether a directory is inside a web server's document root, even through links.
package final class DocumentRootCheck: Sendable {
    private let directory: String
    /// The last result: a web server sends the same document root with each request.
    private let last = Mutex<(root: String, isInside: Bool)?>(nil)

    package init(_ directory: String) { self.directory = directory }

    /// True if both exist and the directory is inside `root`.
    package func isInside(_ root: String) -> Bool {
        last.withLock { last in
            if let last, last.root == root { return last.isInside }
            guard let folder = Self.resolved(root) else {
                // A file, such as the program itself behind an alias.
                if errno == ENOTDIR { last = (root, false) }
                return false
            }
            guard let directory = Self.resolved(directory) else { return false }
            let isInside = (directory + "/").utf8.starts(with: (folder == "/" ? folder : folder + "/").utf8)
            last = (root, isInside)
            return isInside
        }
    }

    /// The path without symbolic links; nil if nothing exists there.
    package static func resolved(_ path: String) -> String? {
        guard !path.isEmpty, let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
