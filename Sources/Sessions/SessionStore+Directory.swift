import Chat
import Files
package import FoundationEssentials
import Glibc
import SystemPackage
import Text

/// A session in a list of sessions.
package struct SessionListEntry: Sendable, Equatable {
    package var key: SessionKey
    package var turnCount: Int
    /// What the turns and the summaries took, in prompts and answers together; nil if the file has a line that cannot be read.
    package var tokenCount: Int?
    /// The size of the file.
    package var byteCount: Int
    /// When the file was last written.
    package var lastUsed: Date
}

extension SessionStore {
    /// Visits every session, in the directory's order, until `visit` returns false. Holds a few hundred names in memory, however many there
    /// are. Skips files whose session cannot be told, and those that are removed meanwhile.
    ///
    /// - Parameters:
    ///   - prefix: the beginning of the keys to visit.
    ///   - onFailure: gets the reason why a session is left out.
    package func list(
        prefix: String = "", onFailure: (SessionError) -> Void = { _ in }, _ visit: (SessionListEntry) throws -> Bool
    ) throws {
        var isWanted = true
        var position: Int? = 0
        while isWanted, let from = position {
            let names: [String]
            (names, position) = try self.names(from: from)
            for name in names where isWanted {
                guard let key = key(named: name), key.description.utf8.starts(with: prefix.utf8) else { continue }
                let entry: SessionListEntry
                do throws(SessionError) {
                    guard var file = try SessionFile(path(named: name), key: key, isWritable: false, in: system) else { continue }
                    entry = try file.listEntry()
                } catch {
                    // One file that cannot be read does not hide the others.
                    onFailure(error)
                    continue
                }
                isWanted = try visit(entry)
            }
        }
    }

    /// Visits the key of every session, in the directory's order. Sessions may be added and removed meanwhile.
    package func visitKeys(_ visit: (SessionKey) async throws -> Void) async throws {
        var position: Int? = 0
        while let from = position {
            let names: [String]
            (names, position) = try self.names(from: from)
            for key in names.compactMap(key(named:)) { try await visit(key) }
        }
    }

    /// A few hundred file names from a position in the directory, and the next position; nil at the end.
    func names(from position: Int) throws(SessionError) -> (names: [String], next: Int?) {
        try attempt("read \(sessions)") { () throws(Errno) in
            var names: [String] = []
            var last: Int?
            try system.visitNames(in: sessions, from: position) { name, next in
                if name.hasSuffix(Self.fileExtension) || name.hasPrefix(SessionWriter.temporaryPrefix) { names.append(name) }
                if names.count == 512 { last = next }
                return last == nil
            }
            return (names, last)
        }
    }

    /// A file's status; nil if there is no file.
    func status(at path: FilePath) throws(SessionError) -> FileStatus? {
        try attempt("look at \(path)") { () throws(Errno) in try system.statusIfThere(path) }
    }

    func path(named name: String) -> FilePath { sessions.appending(name) }

    /// The key of the session whose file has this name; nil for other files. If the name is shortened, the file's header has to give the
    /// key.
    func key(named name: String) -> SessionKey? {
        guard name.hasSuffix(Self.fileExtension) else { return nil }
        let stem = String(name.dropLast(Self.fileExtension.count))
        if let key = SessionKey(fileName: stem) { return key }
        guard let file = try? File(path(named: name), O_RDONLY, in: system),
            let text = try? SessionFile.looseHeader(in: file, path(named: name))?.key,
            let key = try? SessionKey(text), key.fileName == stem
        else { return nil }
        return key
    }
}

extension SessionFile {
    /// Counts the turns without decoding them: the lines between the header and the closing that are not summaries.
    fileprivate mutating func listEntry() throws(SessionError) -> SessionListEntry {
        let status = opened
        let end = file.system.dataEnd(file.descriptor, size: status.size)
        // Reads the file once, as the count below does, which is for a damaged one. A hole could be longer than any memory.
        var totals = SessionTotals()
        if end == status.size, (try? assumeIntactIfWhole()) == true, (try? totals.update(self)) != nil {
            return SessionListEntry(
                key: key, turnCount: totals.turnCount, tokenCount: totals.usage.totalTokens, byteCount: status.size,
                lastUsed: status.modified)
        }
        var count = 0
        for start in stride(from: 0, to: end, by: 1 << 20) {
            let bytes = try read(start..<start + min(end - start, 1 << 20 + HistorySummary.lineStart.count))
            for index in bytes.indices.prefix(1 << 20) where bytes[index] == UInt8(ascii: "\n") {
                if !Self.isSummary(bytes[(index + 1)...]) { count += 1 }
            }
        }
        return SessionListEntry(key: key, turnCount: max(0, count - 2), byteCount: status.size, lastUsed: status.modified)
    }
}

extension FileStatus {
    var modified: Date { Date(timeIntervalSince1970: Double(modifiedSeconds) + Double(modifiedNanoseconds) / 1e9) }
}
