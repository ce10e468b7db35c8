import Files
package import FoundationEssentials
import SystemPackage
import Text

/// A session in a page of a list.
package struct ListedSession: Sendable, Equatable {
    package var key: SessionKey
    /// When the first turn was stored: ISO 8601, UTC. Nil if the file is damaged, or cannot be read.
    package var createdAt: String?
    /// When the file was last written.
    package var lastUsed: Date
    /// The size of the file.
    package var byteCount: Int
}

extension SessionStore {
    /// A page of the sessions whose keys begin with one of the prefixes, the last used first. Looks at the status of each of their files, and
    /// opens only those of the page, and those whose names are shortened. If one of the page is no session, it looks again for another.
    ///
    /// - Parameters:
    ///   - limit: the most sessions on the page.
    ///   - cursor: the last session of the page before; nil for the first page. If it was used meanwhile, the page begins anew.
    /// - Throws: `SessionError`: `notFound` if there is no session of the cursor's key.
    package func page(
        prefixes: [String], limit: Int, after cursor: SessionKey?
    ) async throws -> (sessions: [ListedSession], hasMore: Bool) {
        try await withTaskExecutorPreference(reading) {
            var bound: Place?
            if let cursor {
                guard let status = try status(at: path(of: cursor)) else { throw SessionError.notFound(cursor) }
                bound = Place(cursor.fileName, status)
            }
            // Many files may be no sessions, and each look is at the whole directory.
            var count = limit + 1
            while true {
                let places = try await places(prefixes: prefixes, limit: count, after: bound)
                let sessions = places.compactMap(listed)
                if sessions.count > limit || places.count < count { return (Array(sessions.prefix(limit)), sessions.count > limit) }
                count *= 2
            }
        }
    }

    /// The first places in the list.
    private func places(prefixes: [String], limit: Int, after bound: Place?) async throws -> [Place] {
        let beginnings = prefixes.map(SessionKey.encoded)
        var page: [Place] = []
        // The last place of a full page.
        var worst: Place?
        var position: Int? = 0
        while let from = position {
            let names: [String]
            (names, position) = try self.names(from: from)
            for name in names where name.hasSuffix(Self.fileExtension) {
                let stem = String(name.dropLast(Self.fileExtension.count))
                guard beginnings.contains(where: { Self.mayBegin(stem, with: $0) }) else { continue }
                // Files are removed meanwhile.
                guard let status = try? status(at: path(named: name)), status.isRegular else { continue }
                let place = Place(stem, status)
                guard bound.map({ $0.precedes(place) }) ?? true else { continue }
                guard worst.map({ place.precedes($0) }) ?? true else { continue }
                guard let key = key(named: name), prefixes.contains(where: { key.description.hasPrefix($0) }) else { continue }
                page.append(Place(stem, status, key))
                if page.count > limit * 2 {
                    Self.cut(&page, to: limit)
                    worst = page.last
                }
            }
            // Exports and pages of sessions have their turn.
            await Task.yield()
            try Task.checkCancellation()
        }
        Self.cut(&page, to: limit)
        return page
    }

    /// A session's place in the list.
    private struct Place {
        var stem: String
        var status: FileStatus
        var key: SessionKey?

        init(_ stem: String, _ status: FileStatus, _ key: SessionKey? = nil) { (self.stem, self.status, self.key) = (stem, status, key) }

        func precedes(_ other: Place) -> Bool {
            let (left, right) = (status, other.status)
            if left.modifiedSeconds != right.modifiedSeconds { return left.modifiedSeconds > right.modifiedSeconds }
            if left.modifiedNanoseconds != right.modifiedNanoseconds { return left.modifiedNanoseconds > right.modifiedNanoseconds }
            return stem < other.stem
        }
    }

    private static func cut(_ page: inout [Place], to count: Int) {
        page.sort { $0.precedes($1) }
        page.removeLast(max(0, page.count - count))
    }

    /// Whether the file with a name may be of a session whose key begins so. Of a shortened name only the beginning tells.
    private static func mayBegin(_ stem: String, with beginning: [UInt8]) -> Bool {
        guard stem.utf8.contains(UInt8(ascii: "~")) else { return stem.utf8.starts(with: beginning) }
        return stem.utf8.starts(with: beginning.prefix(SessionKey.shortenedLength))
    }

    /// Nil for a file that is no session, not even a damaged one.
    private func listed(_ place: Place) -> ListedSession? {
        guard let key = place.key else { return nil }
        var createdAt: String?
        do throws(SessionError) {
            guard let file = try SessionFile(path(of: key), key: key, isWritable: false, in: system) else { return nil }
            createdAt = try? file.header().createdAt
            let start = createdAt == nil ? try file.read(0..<4096) : []
            guard createdAt != nil || start.firstRange(of: Array(SessionFile.formatName.utf8)) != nil else { return nil }
        } catch {
            // It is there, but cannot be read.
        }
        return ListedSession(
            key: key, createdAt: createdAt, lastUsed: place.status.modified, byteCount: place.status.size)
    }
}
