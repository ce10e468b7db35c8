import Files
import Glibc
package import Logging
package import SystemPackage
import Text

/// The turns that were made, a line each, in a file for each month: `usage/2026-11.jsonl` in the data directory. A line is written at once,
/// whichever process writes it, and is not synchronized.
package struct UsageLog: Sendable {
    let directory: FilePath
    let system: any FileSystem
    let logger: Logger

    package init(dataDirectory: FilePath, logger: Logger) {
        self.init(dataDirectory: dataDirectory, in: HostFileSystem(), logger: logger)
    }

    init(dataDirectory: FilePath, in system: any FileSystem, logger: Logger) {
        directory = dataDirectory.appending("usage")
        (self.system, self.logger) = (UninterruptedFileSystem(system), logger)
    }

    /// Adds a turn. One that cannot be written is not counted, and the log says so: its answer goes out all the same.
    package func add(_ line: UsageLine) {
        let month = line.at.prefix(7)
        let path = directory.appending(month + Self.linesExtension)
        do throws(Errno) {
            let file: File
            do throws(Errno) {
                file = try opened(path)
            } catch {
                guard error == .noSuchFileOrDirectory else { throw error }
                // A data directory that is missing is not made anew.
                try system.ensureDirectory(directory)
                file = try opened(path)
            }
            // Linux writes to the end whatever the offset (pwrite(2), "Bugs"), so that no two processes write over each other.
            try file.write(line.serialized, at: 0)
        } catch {
            logger.error("A turn's usage was not recorded in \(path): \(error)")
        }
    }

    private func opened(_ path: FilePath) throws(Errno) -> File {
        do throws(Errno) {
            return try File(path, O_WRONLY | O_APPEND, in: system)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
        }
        return try File(path, O_WRONLY | O_APPEND | O_CREAT, in: system)
    }
}
