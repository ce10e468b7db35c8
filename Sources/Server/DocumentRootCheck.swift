import Concurrency
import Glibc

/// Whether a directory is inside a web server's document root, whatever links lead there.
package final class DocumentRootCheck: Sendable {
    private let directory: String
    /// A web server names the same one with each request.
    private let last = Mutex<(root: String, isInside: Bool)?>(nil)

    package init(_ directory: String) { self.directory = directory }

    /// Whether it is, as far as both are there.
    package func isInside(_ root: String) -> Bool {
        last.withLock { last in
            if let last, last.root == root { return last.isInside }
            guard let directory = Self.resolved(directory), let folder = Self.resolved(root) else { return false }
            let isInside = directory == folder || directory.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/")
            last = (root, isInside)
            return isInside
        }
    }

    /// A path without symbolic links; nil where nothing is there.
    package static func resolved(_ path: String) -> String? {
        guard !path.isEmpty, let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
