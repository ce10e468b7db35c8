import Files
import Crypto
package import FoundationEssentials
import Glibc
package import Logging
package import SystemPackage
import Text

/// What keys have used of their limits: a small file each, in the directory `limits` of the data directory, which all processes change
/// under its lock. Nothing is synchronized: after a power cut a count may be older, or begin anew.
package struct LimitStore: Sendable {
    private let directory: FilePath
    private let system: any FileSystem
    let logger: Logger
    let now: @Sendable () -> Date

    package init(dataDirectory: FilePath, logger: Logger, now: @escaping @Sendable () -> Date = { Date() }) {
        self.init(dataDirectory: dataDirectory, in: HostFileSystem(), logger: logger, now: now)
    }

    init(dataDirectory: FilePath, in system: any FileSystem, logger: Logger, now: @escaping @Sendable () -> Date) {
        directory = dataDirectory.appending("limits")
        (self.system, self.logger, self.now) = (UninterruptedFileSystem(system), logger, now)
    }

    /// Where the lock is that a process has while it changes the counts. The places of chats follow.
    private static let changeLock: Int64 = 1 << 20

    /// What a key has used, as far as is known.
    func counts(of id: String) -> LimitCounts {
        let seconds = seconds
        var counts = LimitCounts(at: seconds)
        do throws(Errno) {
            let file = try File(path(of: id), O_RDONLY, in: system)
            if let stored = LimitCounts(try file.read(0..<LimitCounts.size)) { counts = stored }
        } catch {
            // It is counted from the next request on.
        }
        _ = counts.advance(to: seconds)
        return counts
    }

    /// Changes what a key has used, while no other process does. If `change` throws, nothing is changed.
    func change<Result>(
        of id: String, _ change: (inout LimitCounts) throws(LimitError) -> Result
    ) throws(LimitError) -> Result {
        let file = try attempt(id) { () throws(Errno) in try opened(id) }
        let bytes = try attempt(id) { () throws(Errno) in
            guard try file.waitForLock(at: Self.changeLock, upTo: .seconds(2)) else { throw .resourceTemporarilyUnavailable }
            return try file.read(0..<LimitCounts.size)
        }
        let seconds = seconds
        let stored = LimitCounts(bytes)
        if stored == nil, !bytes.isEmpty { logger.warning("What was counted for the API key \(id) cannot be read, and begins anew") }
        var counts = stored ?? LimitCounts(at: seconds)
        if !counts.advance(to: seconds) {
            logger.warning("The clock was set back, so that limits of the API key \(id) begin anew")
        }
        let result = try change(&counts)
        try attempt(id) { () throws(Errno) in try file.write(counts.serialized, at: 0) }
        return result
    }

    /// Takes one of a key's places for chats at once, which ends with the file, and with the process.
    ///
    /// - Returns: nil if none is free.
    func place(of id: String, count: Int) throws(LimitError) -> LimitPlace? {
        try attempt(id) { () throws(Errno) in
            let place = LimitPlace(try opened(id))
            for index in 0..<Int64(count) {
                do throws(Errno) {
                    try system.setLock(place.file.descriptor, at: Self.changeLock + 1 + index, isHeld: true)
                    return place
                } catch {
                    guard error == .resourceTemporarilyUnavailable else { throw error }
                }
            }
            return nil
        }
    }

    private var seconds: Int { Int(max(0, min(now().timeIntervalSince1970, 1e12))) }

    private func opened(_ id: String) throws(Errno) -> File {
        do throws(Errno) {
            return try File.openOrCreate(path(of: id), in: system)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw error }
            // It is made with the first key that has limits. A data directory that is missing is not made anew.
            try system.ensureDirectory(directory)
            return try File.openOrCreate(path(of: id), in: system)
        }
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

    private func attempt<Result: ~Copyable>(_ id: String, _ body: () throws(Errno) -> Result) throws(LimitError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            logger.error("What the API key \(id) has used can be neither read nor written: \(error)")
            throw .unavailable
        }
    }
}

/// A place among a key's chats, until the last reference is gone.
final class LimitPlace: Sendable {
    fileprivate let file: File

    fileprivate init(_ file: consuming File) { self.file = file }
}
