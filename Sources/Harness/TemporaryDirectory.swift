import FoundationEssentials
import Glibc

/// A private directory that is removed with its last reference. If the process dies first, the next process that makes one removes it.
/// Its path is short: a Unix socket's may have 107 bytes.
package final class TemporaryDirectory: Sendable {
    package struct Failed: Error, CustomStringConvertible {
        package let description: String
    }

    package let path: String

    /// - Parameter parent: the directory to make it in.
    package init(in parent: String = "/tmp") throws {
        path = try ProcessDirectory.of(parent).path + "/\(UInt32.random(in: 0 ... .max))"
        guard mkdir(path, 0o700) == 0 else { throw Failed(description: "\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The path of a file in it.
    package func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Writes a file and returns its path.
    @discardableResult
    package func file(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(filePath: file(name)))
        return file(name)
    }
}
