import Concurrency
package import Files
import Glibc
package import Logging
package import SystemPackage
import Text

/// The turns that were made, a line each, in a file for each month: `usage/2026-11.jsonl` in the data directory. A line is written at once,
/// whichever process writes it, and is not synchronized.
package final class UsageLog: Sendable {
    private final class OpenFile: Sendable {
        let file: File
        let path: FilePath
        /// When the path is looked at again, as somebody may have removed the file.
        let next = ContinuousClock.now + .milliseconds(500)
        /// True if the last line may be cut short, as it is when the disk is full: the next one must not become a part of it.
        let isTorn: Mutex<Bool>

        init(_ file: consuming File, _ path: FilePath) throws(Errno) {
            let status = try file.status()
            // A FIFO would take lines that nobody counts.
            guard status.isRegular else { throw .notSupported }
            let end = try file.read(max(0, status.size - 1)..<status.size)
            isTorn = Mutex(!end.isEmpty && end != [UInt8(ascii: "\n")])
            self.file = file
            self.path = path
        }
    }

    let directory: FilePath
    let system: any FileSystem
    let storedStep: Int
    let logger: Logger
    private let openFile = Mutex<OpenFile?>(nil)

    /// - Parameter storedStep: after so many bytes of new lines the sums of a month are stored, so that nobody reads them again.
    package init(
        dataDirectory: FilePath, in system: any FileSystem = HostFileSystem(), storedStep: Int = 1 << 20, logger: Logger
    ) {
        directory = dataDirectory.appending("usage")
        (self.system, self.storedStep, self.logger) = (UninterruptedFileSystem(system), storedStep, logger)
    }

    /// Adds a turn. One that cannot be written is not counted, and the log says so: its answer goes out all the same.
    package func add(_ line: UsageLine) {
        let month = line.at.prefix(7)
        let path = directory.appending(month + Self.linesExtension)
        do throws(Errno) {
            let open = try file(at: path)
            let isTorn = open.isTorn.withLock { isTorn in
                defer { isTorn = false }
                return isTorn
            }
            do throws(Errno) {
                // Linux writes to the end whatever the offset (pwrite(2), "Bugs"), so that no two processes write over each other.
                try open.file.write((isTorn ? [UInt8(ascii: "\n")] : []) + line.serialized, at: 0)
            } catch {
                open.isTorn.withLock { $0 = true }
                throw error
            }
        } catch {
            logger.error("A turn's usage was not recorded in \(path): \(error)")
        }
    }

    private func file(at path: FilePath) throws(Errno) -> OpenFile {
        if let known = openFile.withLock(\.self), known.path == path, .now < known.next { return known }
        let found: OpenFile
        do throws(Errno) {
            found = try OpenFile(try opened(path), path)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
            // A data directory that is missing is not made anew.
            try system.ensureDirectory(directory)
            found = try OpenFile(try opened(path), path)
        }
        openFile.withLock { $0 = found }
        return found
    }

    private func opened(_ path: FilePath) throws(Errno) -> File {
        do throws(Errno) {
            return try File(path, O_RDWR | O_APPEND, in: system)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
        }
        return try File(path, O_RDWR | O_APPEND | O_CREAT, in: system)
    }
}
