import Concurrency
import FoundationEssentials
import Glibc
import JSON
import Logging
import SystemPackage
import Text

extension SessionStore {
    /// Starts to remove sessions that are older than the settings allow, in the background, unless any process has done so within the hour.
    func pruneIfDue() {
        guard settings.retention != nil, let disk else { return }
        let now = ContinuousClock.now
        let isDue = nextPruning.withLock { next in
            guard next.map({ $0 <= now }) ?? true else { return false }
            next = now + Self.pruningInterval
            return true
        }
        guard isDue else { return }
        Task(executorPreference: disk) { [self] in pruneOnceAnHour() }
    }

    /// Removes sessions that are older than the settings allow, unless any process has done so within the hour. Only a process that serves
    /// one request needs to call this; a store with a disk executor does it after turns.
    package func pruneOnceAnHour() {
        guard let age = settings.retention else { return }
        do {
            let count = try pruneOnce(olderThan: age)
            if count > 0 { logger.notice("Removed \(count) sessions that were not used for \(age)") }
        } catch {
            logger.warning("\(error)")
        }
    }

    /// Makes one bounded pass, which continues where the last one, by any process, stopped. Returns the number of removed sessions.
    func pruneOnce(olderThan age: Duration, now: Date = Date()) throws -> Int {
        let path = directory.appending("retention")
        let file = try attempt("open \(path)") { () throws(Errno) in try File.openOrCreate(path, in: system) }
        // Another process may be pruning.
        guard try file.lock(0, path) else { return 0 }
        let (text, status) = try attempt("read \(path)") { () throws(Errno) in (try file.read(0..<32), try file.status()) }
        guard status.isRegular else { throw SessionError(.storageUnavailable, "\(path) is not a regular file") }
        guard text.isEmpty || now.timeIntervalSince(status.modified).magnitude >= 3600 else { return 0 }
        // Written first, so that a pass that fails is not repeated with each turn.
        var position = Int(String(decoding: text.drop { $0 == 0x20 }, as: UTF8.self)) ?? 0
        try write(position, to: file, path)

        var bound = PruneBound(names: 100_000, removals: 10_000)
        var count = 0
        repeat {
            let limit = now.addingTimeInterval(-Double(age.components.seconds))
            position =
                try prune(before: limit, isDryRun: false, from: position, &bound, onFailure: { logger.warning("\($0)") }) { _, _ in
                    count += 1
                } ?? 0
        } while position != 0 && !bound.isReached
        try write(position, to: file, path)
        return count
    }

    private func write(_ position: Int, to file: borrowing File, _ path: FilePath) throws(SessionError) {
        let digits = String(position)
        // Always of the same length, so that nothing of an older number remains.
        let text = String(repeating: " ", count: max(0, 20 - digits.count)) + digits
        try attempt("write \(path)") { () throws(Errno) in try file.write(Array(text.utf8), at: 0) }
    }

    private static let pruningInterval = Duration.seconds(3600)
}
