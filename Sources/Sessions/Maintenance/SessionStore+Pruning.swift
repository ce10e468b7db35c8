package import FoundationEssentials
import SystemPackage

extension SessionStore {
    /// Removes sessions whose last use is long ago. One that is in use, in any process, is left.
    ///
    /// - Parameters:
    ///   - limit: the date before which a session's last use has to be.
    ///   - isDryRun: whether the sessions stay, and are only reported.
    ///   - onProgress: told after each look at some names how many it has been so far.
    ///   - onRemoval: told each session that went, and its last use.
    /// - Throws: `SessionError`, and what `onRemoval` throws.
    package func prune(
        before limit: Date, isDryRun: Bool = false, onProgress: (Int) -> Void = { _ in }, onRemoval: (SessionKey, Date) throws -> Void
    ) throws {
        var bound = PruneBound(names: .max, removals: .max)
        var position: Int? = 0
        while let from = position {
            position = try prune(before: limit, isDryRun: isDryRun, from: from, &bound, onRemoval)
            onProgress(.max - bound.names)
        }
    }

    /// How much of the directory one pass of pruning may touch.
    struct PruneBound {
        var names: Int
        var removals: Int
        var isReached: Bool { names <= 0 || removals <= 0 }
    }

    /// One step of pruning: a few hundred names from a position in the directory. Returns where to go on; nil at the end.
    func prune(
        before limit: Date, isDryRun: Bool, from position: Int, _ bound: inout PruneBound, _ onRemoval: (SessionKey, Date) throws -> Void
    ) throws -> Int? {
        let (names, next) = try names(from: position)
        bound.names -= names.count
        var wasRemoved = false
        for name in names where !bound.isReached {
            let path = path(named: name)
            if !isDryRun { removeAbandoned(name) }
            // Cheap first: most sessions are not that old.
            guard let status = try self.status(at: path), status.modified < limit, let key = key(named: name) else { continue }
            let lastUse = try lock.withLockIfFree(key) { () throws(SessionError) -> Date? in
                guard let status = try self.status(at: path), status.modified < limit else { return nil }
                if !isDryRun {
                    try attempt("remove \(path)") { () throws(Errno) in try system.unlink(path) }
                }
                return status.modified
            }
            guard let lastUse = lastUse ?? nil else { continue }
            bound.removals -= 1
            wasRemoved = !isDryRun
            try onRemoval(key, lastUse)
        }
        if wasRemoved, synchronizes { try SessionWriter.synchronize(sessions, in: system) }
        return next
    }

    /// Removes what a process that died left beside the sessions, once it is certain that it is at nothing any more.
    func removeAbandoned(_ name: String) {
        guard name.hasPrefix(SessionWriter.temporaryPrefix), let status = try? system.status(at: path(named: name)),
            status.modified.addingTimeInterval(3600) < Date()
        else { return }
        try? system.unlink(path(named: name))
    }
}
