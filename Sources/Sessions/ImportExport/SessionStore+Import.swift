import Chat
import Files
import FoundationEssentials
import JSON
import Text

extension SessionStore {
    package enum ImportOutcome: Sendable, Equatable {
        /// The session is new, with this many turns.
        case imported(turns: Int)
        /// An existing session got this many turns that it did not have.
        case merged(turns: Int)
        /// A session with this key exists and was left unchanged.
        case exists
    }

    /// Stores a session that was read from a file, all of it or nothing.
    ///
    /// `session.maxBytes` does not apply: an exported session can always be imported again. A session beyond it takes no more turns.
    ///
    /// - Parameter merges: true to add to an existing session the turns whose ids it does not have, each at its place by time.
    /// - Throws: `SessionError`, for example `busy`, `unreadable` or `storageFull`.
    package func importSession(_ session: ImportedSession, merges: Bool = false) async throws -> ImportOutcome {
        try await lock.withLock(session.key) {
            let hasIDs = session.lines.contains { $0.bytes[...].lastRange(of: Array(#","response":{"#.utf8)) != nil }
            if hasIDs { try locators.ensure(session.key, synchronizes: synchronizes) }
            guard var file = try SessionFile(path(of: session.key), key: session.key, in: system) else {
                try checkFreeBytes()
                var writer = try SessionWriter(path(of: session.key), key: session.key, createdAt: session.createdAt, in: system)
                for line in session.lines { try writer.append(line.bytes) }
                try writer.commit(replaces: false, synchronizes: synchronizes)
                return .imported(turns: session.lines.count(where: \.isTurn))
            }
            guard merges else { return .exists }
            try file.recover(quarantine: quarantine)
            return .merged(turns: try merge(session.lines, into: file))
        }
    }

    private func merge(_ lines: [ImportedSession.Line], into file: borrowing SessionFile) throws -> Int {
        struct Stamp: Decodable {
            var id: String
            var at: String
        }
        var known: Set<TextKey> = []
        var times: [String] = []
        let decoder = ValueDecoder()
        try file.readLines { line, _ in
            guard let stamp = try? decoder.read(Stamp.self, from: line) else { throw file.unreadableLine }
            known.insert(TextKey(stamp.id))
            times.append(stamp.at)
        }
        let new = lines.filter { known.insert(TextKey($0.id)).inserted }
        guard !new.isEmpty else { return 0 }
        try checkFreeBytes()
        var writer = try SessionWriter(file.path, key: file.key, createdAt: try file.header().createdAt, in: system)
        var (old, next) = (times.makeIterator(), new[...])
        try file.readLines { line, _ in
            let time = old.next() ?? ""
            while let line = next.first, line.at < time { try writer.append(next.removeFirst().bytes) }
            try writer.append(line)
        }
        for line in next { try writer.append(line.bytes) }
        try replace(file, by: writer)
        return new.count(where: \.isTurn)
    }
}
