import Chat
import Files
import SystemPackage
import Text

extension SessionStore {
    /// Aligns a conversation that a client shows with a session's file.
    func align(_ shown: [Message], with loaded: LoadedSession?, _ key: SessionKey) async throws -> Alignment {
        guard let loaded else { return Alignment(shown, limits: settings.window) }
        return try await withTaskExecutorPreference(reading) {
            try await withFile(of: loaded, key) { file in try Alignment(shown, in: file, limits: settings.window) }
        }
    }

    /// Stores a turn in the place of all lines from where the client's conversation departs. Those are kept in the archive. Either all of that
    /// happens or nothing, but that the archive may have them although they stay.
    func store(_ turn: Turn, inPlaceFrom end: Int, of loaded: LoadedSession, _ key: SessionKey) throws(SessionError) {
        let path = path(of: key)
        guard var file = try SessionFile(path, key: key, isWritable: false, in: system), file.opened == loaded.status,
            try loaded.tail.lastLine.isIn(file)
        else { throw SessionError(.storageUnavailable, "The file of session \(key) was changed during a turn") }
        file.assumeIntact(size: loaded.status.size)
        try archive.keep(from: end, of: file, synchronizes: synchronizes)
        let headerLength = try file.headerLength()
        var writer = try SessionWriter(
            path, key: key, createdAt: try file.header().createdAt, headerLength: headerLength, in: system)
        file.end = end
        if end > headerLength { _ = try writer.appendLines(of: file) }
        if let past = turn.past { try writer.append(past.line) }
        try writer.append(turn.line)
        try replace(file, readTo: loaded.status.size - SessionFile.closing.count, by: writer)
        if synchronizes, let status = try? status(at: path) { synced.insert(key, status) }
    }
}
