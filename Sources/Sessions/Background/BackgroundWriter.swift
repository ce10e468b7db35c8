import Concurrency
import Files
import SystemPackage
import Text

/// Writes what a turn says. As long as this is there, others know that somebody works on the turn.
package final class BackgroundWriter: Sendable {
    private let file: File
    private let path: FilePath
    private let end: Mutex<Int>

    init(_ file: consuming File, _ path: FilePath, end: Int) {
        (self.path, self.end) = (path, Mutex(end))
        self.file = file
    }

    /// Adds to what the turn has said. What cannot be written is lost; the turn itself is stored elsewhere.
    package func append(_ bytes: [UInt8]) {
        end.withLock { end in
            guard (try? file.write(bytes, at: end)) != nil else { return }
            end += bytes.count
        }
    }

    /// True if somebody wants the turn to stop.
    package var isCancelled: Bool { (try? file.system.statusIfThere(path)) == .some(.none) }
}
