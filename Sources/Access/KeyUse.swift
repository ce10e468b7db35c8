import Concurrency
package import Files
import Glibc
package import FoundationEssentials
package import SystemPackage
import Text

/// The days on which API keys were last used: the times of empty files in the data directory, one a key. A process's first use of a day costs
/// a look at the file, and the first of all a small write, which may be lost with the power.
package final class KeyUse: Sendable {
    private let directory: FilePath
    private let system: any FileSystem
    /// The days on which this process knows that keys were used.
    private let noted = Mutex<[TextKey: Int]>([:])
    private static let day = 86_400

    package init(dataDirectory: FilePath, in system: any FileSystem = HostFileSystem()) {
        (directory, self.system) = (dataDirectory.appending("last-used"), system)
    }

    /// Notes that a key is used.
    package func note(_ key: APIKey, now: Date) {
        guard let today = Self.day(of: now), noted.withLock({ $0.updateValue(today, forKey: TextKey(key.id)) }) != today,
            let path = path(of: key)
        else { return }
        if let seconds = status(path)?.modifiedSeconds, seconds.quotientAndRemainder(dividingBy: Self.day).quotient == today { return }
        guard path.withPlatformString({ utimes($0, nil) }) != 0 else { return }
        // The first use. A data directory that cannot be written takes no turns either.
        try? system.ensureDirectory(directory)
        _ = try? File.create(path, in: system)
    }

    /// When a key was last used, such as `2026-11-26`; nil if it never was.
    package func lastDay(_ key: APIKey) -> String? {
        let seconds = path(of: key).flatMap(status)?.modifiedSeconds
        return seconds.map { String(Date(timeIntervalSince1970: Double($0)).ISO8601Format().prefix(10)) }
    }

    /// Forgets a key that was removed.
    package func forget(_ key: APIKey) {
        if let path = path(of: key) { try? system.unlink(path) }
    }

    private static func day(of date: Date) -> Int? { Int(exactly: (date.timeIntervalSince1970 / Double(day)).rounded(.down)) }

    private func status(_ path: FilePath) -> FileStatus? { try? system.status(at: path) }

    /// Nil for an id that is the name of no file, which only a hand can have written.
    private func path(of key: APIKey) -> FilePath? {
        key.id.contains("/") || [".", ".."].contains(key.id) ? nil : directory.appending(key.id)
    }
}
