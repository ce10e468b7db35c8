import Concurrency
import Crypto
package import Files
package import FoundationEssentials
package import Logging
package import SystemPackage
import Text

/// What keys have used of their limits: a small file each, in the directory `limits` of the data directory, which all processes change
/// under its lock. Nothing is synchronized: after a power cut a count may be older, or begin anew.
package final class LimitStore: Sendable {
    private struct OpenFile {
        var file: LimitFile
        /// When it is looked for anew, as somebody may have removed it.
        var next: ContinuousClock.Instant
    }

    private let directory: FilePath
    private let system: any FileSystem
    private let executor: (any TaskExecutor)?
    private let logger: Logger
    let now: @Sendable () -> Date
    private let openFiles = Mutex<[TextKey: OpenFile]>([:])

    private static let maximumOpenFiles = 256
    private static let interval = Duration.milliseconds(500)

    /// - Parameter executor: writes what turns used within a second, unless the next request of the key does so before; nil to write it at
    ///   once, in a process of one request.
    package init(
        dataDirectory: FilePath, in system: any FileSystem = HostFileSystem(), executor: (any TaskExecutor)? = nil, logger: Logger,
        now: @escaping @Sendable () -> Date = { Date() }
    ) {
        directory = dataDirectory.appending("limits")
        (self.system, self.executor, self.logger, self.now) = (UninterruptedFileSystem(system), executor, logger, now)
    }

    /// The file of a key.
    func file(of id: String) throws(LimitError) -> LimitFile {
        let key = TextKey(id)
        let known = openFiles.withLock { $0[key] }
        if let known, .now < known.next { return known.file }
        let path = path(of: id)
        do throws(Errno) {
            var file = known?.file
            if let open = file, try !open.isStill(at: path) { file = nil }
            let found: LimitFile
            if let file { found = file } else { found = try opened(path, of: id) }
            openFiles.withLock { files in
                // Those that are in use stay open without this.
                if files.count >= Self.maximumOpenFiles { files = files.filter { $0.value.file.isUnsettled } }
                files[key] = OpenFile(file: found, next: .now + Self.interval)
            }
            return found
        } catch {
            logger.error("What the API key \(id) has used can be neither read nor written: \(error)")
            throw .unavailable
        }
    }

    /// Writes what turns used, before the process ends.
    package func flush() {
        for open in openFiles.withLock({ Array($0.values) }) { open.file.settle() }
    }

    private func opened(_ path: FilePath, of id: String) throws(Errno) -> LimitFile {
        do throws(Errno) {
            return LimitFile(try File.openOrCreate(path, in: system), of: id, executor: executor, logger: logger, now: now)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
        }
        // It is made with the first key that has limits. A data directory that is missing is not made anew.
        try system.ensureDirectory(directory)
        return LimitFile(try File.openOrCreate(path, in: system), of: id, executor: executor, logger: logger, now: now)
    }

    /// The id in a file's name, or its digest: whoever writes the key file may give a key any id.
    private func path(of id: String) -> FilePath {
        let isName = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return directory.appending(isName ? id : "=" + SHA256.hexadecimal(of: id.utf8))
    }
}
