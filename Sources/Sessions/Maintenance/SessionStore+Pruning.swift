import Files
package import FoundationEssentials
import Glibc
import SystemPackage
import Text

extension SessionStore {
    /// Removes sessions that were last used before a date, but none that is in use in any process, and what the archive got before it.
    ///
    /// - Parameters:
    ///   - isDryRun: true to report the sessions and keep them.
    ///   - onProgress: gets the number of names examined so far, every few hundred names.
    ///   - onFailure: gets the reason why an old session stays.
    ///   - onRemoval: gets each removed session and its last use.
    /// - Throws: `SessionError`, and what `onRemoval` throws.
    package func prune(
        before limit: Date, isDryRun: Bool = false, onProgress: (Int) -> Void = { _ in }, onFailure: (SessionError) -> Void,
        onRemoval: (SessionKey, Date) throws -> Void
    ) throws {
        var bound = PruneBound(names: .max, removals: .max)
        var position: Int? = 0
        while let from = position {
            position = try prune(
                before: PruneLimits(named: limit, unnamed: limit), isDryRun: isDryRun, from: from, &bound, onFailure: onFailure,
                onRemoval: onRemoval)
            onProgress(.max - bound.names)
        }
        if !isDryRun { try archive.prune(before: limit) }
    }

    /// Sessions that were last used before these dates are removed; with nil none are.
    struct PruneLimits {
        var named: Date?
        /// For sessions that no client named.
        var unnamed: Date?

        func limit(of key: SessionKey) -> Date? { UnnamedSession(key)?.kind == .response ? unnamed : named }
    }

    /// How many names one pass may examine, and how many sessions it may remove.
    struct PruneBound {
        var names: Int
        var removals: Int
        var isReached: Bool { names <= 0 || removals <= 0 }
    }

    /// Prunes a few hundred names from a position in the directory. Returns the next position; nil at the end.
    func prune(
        before limits: PruneLimits, isDryRun: Bool, from position: Int, _ bound: inout PruneBound, onFailure: (SessionError) -> Void,
        onRemoval: (SessionKey, Date) throws -> Void
    ) throws -> Int? {
        let (names, next) = try names(from: position)
        bound.names -= names.count
        var wasRemoved = false
        for name in names where !bound.isReached {
            if !isDryRun { removeAbandoned(name) }
            let removed: (key: SessionKey, lastUse: Date)?
            do throws(SessionError) {
                removed = try pruneFile(named: name, before: limits, isDryRun: isDryRun)
            } catch {
                // One file that cannot be removed does not keep the others.
                onFailure(error)
                continue
            }
            guard let removed else { continue }
            bound.removals -= 1
            wasRemoved = !isDryRun
            try onRemoval(removed.key, removed.lastUse)
        }
        if wasRemoved, synchronizes { try SessionWriter.synchronize(sessions, in: system) }
        return next
    }

    /// Removes a session's file if it is old; nil if it stays.
    private func pruneFile(
        named name: String, before limits: PruneLimits, isDryRun: Bool
    ) throws(SessionError) -> (key: SessionKey, lastUse: Date)? {
        let path = path(named: name)
        // The cheap checks first: most sessions are not that old.
        guard limits.named != nil || name.hasPrefix(UnnamedSession.fileNamePrefix), let status = try status(at: path),
            let oldest = [limits.named, limits.unnamed].compactMap(\.self).max(), status.modified < oldest,
            let key = key(named: name), let limit = limits.limit(of: key), status.modified < limit
        else { return nil }
        let lastUse = try lock.withLockIfFree(key) { () throws(SessionError) -> Date? in
            guard let file = try removableFile(path, key), file.opened.modified < limit else { return nil }
            if !isDryRun {
                try attempt("remove \(path)") { () throws(Errno) in try system.unlink(path) }
                removeCompanions(of: key)
            }
            return file.opened.modified
        }
        return (lastUse ?? nil).map { (key, $0) }
    }

    /// Removes a temporary file if the process that wrote it has died: nobody holds its lock, and it is older than the moment between its
    /// creation and its lock.
    func removeAbandoned(_ name: String) {
        let path = path(named: name)
        guard name.hasPrefix(SessionWriter.temporaryPrefix), let file = try? File(path, O_RDWR, in: system),
            let status = try? file.status(), status.isRegular, status.modified.addingTimeInterval(3600) < Date(),
            (try? file.lock(0, path)) == true
        else { return }
        try? system.unlink(path)
    }
}
