import Concurrency
import Files
import FoundationEssentials
import Glibc
import JSON
import Logging
import SystemPackage
import Text

extension SessionStore {
    /// Starts to remove sessions that are older than the settings allow, in the background, unless any process has done so within the hour.
    ///
    /// - Parameter key: of the session that was used.
    func pruneIfDue(after key: SessionKey) {
        // A process for each request would look with each of them.
        if disk != nil { background.pruneIfDue() }
        guard settings.retention ?? settings.unnamedRetention != nil else { return }
        let isFirst =
            UnnamedSession(key)?.kind == .response
            && mayHaveUnnamed.withLock { hasOne in
                defer { hasOne = true }
                return !hasOne
            }
        guard let disk else { return }
        let now = ContinuousClock.now
        let isDue = nextPruning.withLock { next in
            guard isFirst || next.map({ $0 <= now }) ?? true else { return false }
            next = now + Self.pruningInterval
            return true
        }
        guard isDue else { return }
        Task(executorPreference: disk) { [self] in pruneOnceAnHour() }
    }

    /// Removes sessions that are older than the settings allow, unless any process has done so within the hour. Only a process that serves
    /// one request needs to call this; a store with a disk executor does it after turns.
    package func pruneOnceAnHour() {
        // Without a limit for named sessions nobody looks until there was one that no client named: the first one leaves the file.
        guard settings.retention != nil || mayHaveUnnamed.withLock(\.self) || hasLooked else { return }
        do {
            let count = try pruneOnce(olderThan: settings.retention, unnamed: settings.unnamedRetention)
            if count > 0 { logger.notice("Removed \(count) sessions that were not used for too long") }
        } catch {
            logger.warning("\(error)")
        }
    }

    private var retentionFile: FilePath { directory.appending("retention") }

    /// True if a process has looked for old sessions before.
    private var hasLooked: Bool { (try? status(at: retentionFile)) ?? nil != nil }

    /// Makes one bounded pass, which continues where the last one, by any process, stopped. Returns the number of removed sessions.
    ///
    /// A session is removed if it was too old at a look that is at least a day ago. So a clock that is wrong for a while removes nothing.
    ///
    /// - Parameter diskTime: the file system's clock, of a file that was written just now. A look has the earlier of both times.
    func pruneOnce(
        olderThan age: Duration?, unnamed unnamedAge: Duration? = nil, now: Date = Date(), diskTime: (FileStatus) -> Date = \.modified
    ) throws -> Int {
        let path = retentionFile
        let file = try attempt("open \(path)") { () throws(Errno) in try File.openOrCreate(path, in: system) }
        // Another process may be pruning.
        guard try file.lock(0, path) else { return 0 }
        let (text, before) = try attempt("read \(path)") { () throws(Errno) in (try file.read(0..<64), try file.status()) }
        guard before.isRegular else { throw SessionError(.storageUnavailable, "\(path) is not a regular file") }
        guard text.isEmpty || now.timeIntervalSince(before.modified).magnitude >= 3600 else { return 0 }
        var progress = RetentionProgress(text)
        // Written first, so that a pass that fails is not repeated with each turn.
        try progress.write(to: file, path)
        let disk = diskTime(try attempt("look at \(path)") { () throws(Errno) in try file.status() })
        if now.timeIntervalSince(disk).magnitude >= 3600 {
            logger.warning("The clock says \(now.ISO8601Format()), the file system's \(disk.ISO8601Format()). The earlier one counts.")
        }
        progress.look(at: min(now, disk))

        var count = 0
        if let seen = progress.seen {
            let limits = PruneLimits(named: age.map(seen.earlier(by:)), unnamed: (unnamedAge ?? age).map(seen.earlier(by:)))
            var bound = PruneBound(names: 100_000, removals: 10_000)
            repeat {
                progress.position =
                    try prune(
                        before: limits, isDryRun: false, from: progress.position, &bound, onFailure: { logger.warning("\($0)") },
                        onRemoval: { _, _ in count += 1 }) ?? 0
            } while progress.position != 0 && !bound.isReached
            if let limit = limits.named { try archive.prune(before: limit) }
        }
        try progress.write(to: file, path)
        return count
    }

    private static let pruningInterval = Duration.seconds(3600)
}

/// What the file `retention` says (FORMAT.md, "Locks").
private struct RetentionProgress {
    /// Where the next pass begins in the directory.
    var position: Int
    /// The times of the last looks that are at least a day from each other, the older one first. In seconds since 1970; 0 if there was none.
    private var looks: (older: Int, newer: Int)

    init(_ text: [UInt8]) {
        let numbers = text.split(separator: 0x20).map { Int(String(decoding: $0, as: UTF8.self)) ?? 0 }
        position = numbers.first ?? 0
        // No look was before 1970, and a difference of times must not overflow.
        looks = numbers.count == 3 ? (max(0, numbers[1]), max(0, numbers[2])) : (0, 0)
    }

    /// The last look that is at least a day ago; nil if there was none.
    var seen: Date? { looks.older > 0 ? Date(timeIntervalSince1970: Double(looks.older)) : nil }

    mutating func look(at time: Date) {
        let now = Int(clamping: time.timeIntervalSince1970)
        // The clock went back: the looks were not when they say.
        if looks.newer > now { looks = (0, 0) }
        if now - looks.newer >= 86_400 { looks = (looks.newer, now) }
    }

    func write(to file: borrowing File, _ path: FilePath) throws(SessionError) {
        // Always of the same length, so that nothing of an older text remains.
        let text = [position, looks.older, looks.newer].map { number in
            let digits = String(number)
            return String(repeating: " ", count: max(0, 20 - digits.count)) + digits
        }
        try attempt("write \(path)") { () throws(Errno) in try file.write(Array(text.joined(separator: " ").utf8), at: 0) }
    }
}

extension Date {
    fileprivate func earlier(by age: Duration) -> Date { addingTimeInterval(-Double(age.components.seconds)) }
}

extension Int {
    /// The whole seconds of a time; the nearest number if there are too many.
    fileprivate init(clamping seconds: TimeInterval) { self = Int(exactly: seconds.rounded(.down)) ?? (seconds < 0 ? .min : .max) }
}
