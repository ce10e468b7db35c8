import Chat
import Files
import FoundationEssentials
import Glibc
import JSON
import SystemPackage
import Text

/// A session file that is not whole.
package struct SessionDamage: Sendable, Equatable {
    /// The file's name in the sessions' directory.
    package var fileName: String
    /// One sentence.
    package var problem: String
    /// What was done: one sentence. Nil if the file was left as it is.
    package var repair: String?
}

extension SessionStore {
    /// Reads every session file to its end and looks for damage.
    ///
    /// - Parameters:
    ///   - repairs: true to repair damaged files (FORMAT.md, "Recovery of a torn tail" and "Repair of an unreadable file").
    ///   - onProgress: gets the number of files read so far, after each.
    ///   - onDamage: gets each damaged file.
    /// - Throws: `SessionError`, and what `onDamage` throws.
    package func verify(
        repairs: Bool = false, onProgress: (Int) -> Void = { _ in }, onDamage: (SessionDamage) throws -> Void
    ) async throws {
        var count = 0
        var position: Int? = 0
        while let from = position {
            let names: [String]
            (names, position) = try self.names(from: from)
            for name in names {
                if repairs { removeAbandoned(name) }
                guard name.hasSuffix(Self.fileExtension) else { continue }
                var damage: SessionDamage?
                do {
                    damage = try await self.damage(of: name, repairs: repairs)
                } catch let error as SessionError {
                    // One file that cannot be read or repaired does not hide the others.
                    damage = SessionDamage(fileName: name, problem: error.description)
                }
                if let damage { try onDamage(damage) }
                count += 1
                onProgress(count)
            }
        }
    }

    private func damage(of name: String, repairs: Bool) async throws -> SessionDamage? {
        guard let key = key(named: name) else {
            return SessionDamage(fileName: name, problem: "Neither the name nor the file says which session it is")
        }
        func look(isWritable: Bool) throws -> (problem: String, repair: String?)? {
            guard var file = try SessionFile(path(named: name), key: key, isWritable: isWritable, in: system) else { return nil }
            guard let problem = try file.problem() else { return nil }
            return (problem.description, isWritable ? try file.repair(problem, quarantine, synchronizes: synchronizes) : nil)
        }
        // Without the lock first: sessions in use go on.
        guard try look(isWritable: false) != nil else { return nil }
        // What looked like damage may have been a write under way.
        return try await lock.withLock(key) {
            try look(isWritable: repairs).map { SessionDamage(fileName: name, problem: $0.problem, repair: $0.repair) }
        }
    }
}

extension SessionFile {
    /// The kinds of damage, by what can be done about them.
    fileprivate enum Problem {
        case tornTail
        case damaged(String)
        case notOurs(String)

        var description: String {
            switch self {
            case .tornTail: "Its last write was cut short"
            case .damaged(let text), .notOurs(let text): text
            }
        }
    }

    private static let foreign = Problem.notOurs("It belongs to another session; import it to store it under its own name")

    /// Reads the whole file; nil if it is intact.
    fileprivate mutating func problem() throws -> Problem? {
        let size = opened.size
        do {
            guard try header().key == key.description else {
                return Self.foreign
            }
        } catch {
            switch error.code {
            case .newerFormat: return .notOurs("A newer version of this program wrote it")
            case .unreadable:
                if let other = try Self.looseHeader(in: file, path)?.key, other != key.description {
                    return Self.foreign
                }
                return .damaged("It does not begin as a session does")
            default: throw error
            }
        }
        do {
            let isWhole = try endsWhole(size)
            guard let wholeEnd = try isWhole ? size - Self.closing.count : tail(size: size)?.end else {
                return .damaged("It does not end like a session")
            }
            end = wholeEnd
            var damagedLines = 0
            let decoder = ValueDecoder()
            try readLines { line, isSeparated in
                if !isSeparated || !Self.isWhole(line, decoder) { damagedLines += 1 }
            }
            if damagedLines > 0 { return .damaged("\(damagedLines) of its lines are not turns") }
            return isWhole ? nil : .tornTail
        } catch let error as SessionError where error.code == .unreadable {
            return .damaged("One of its lines is longer than any turn")
        }
    }

    /// Does what can be done, and says in one sentence what that was; nil if nothing can be done.
    fileprivate mutating func repair(_ problem: Problem, _ quarantine: Quarantine, synchronizes: Bool) throws -> String? {
        switch problem {
        case .notOurs: return nil
        case .tornTail:
            try repairTail(size: opened.size, quarantine: quarantine)
            return "It was cut after its last whole turn"
        case .damaged:
            let (count, kept) = try repairByRewriting(quarantine, synchronizes: synchronizes)
            return "Its \(count) readable turns were kept; the file as it was is \(kept)"
        }
    }

    /// Moves the file to the quarantine, and puts every readable turn into a new one of the same name.
    private mutating func repairByRewriting(_ quarantine: Quarantine, synchronizes: Bool) throws -> (turns: Int, kept: FilePath) {
        let kept = quarantine.newPath(key)
        let system = file.system
        try attempt("keep \(path) as \(kept)") { () throws(Errno) in try system.link(path, to: kept) }
        if synchronizes { try SessionWriter.synchronize(quarantine.directory, in: system) }
        var writer = try SessionWriter(path, key: key, createdAt: try createdAt(), in: system)
        var count = 0
        let decoder = ValueDecoder()
        try Self.readObjects(in: file, 0..<opened.size, path) { object throws(SessionError) in
            guard let line = Self.line(for: object, decoder), line.count <= Self.longestLine else { return true }
            try writer.append(line)
            if !Self.isSummary(line[...]) { count += 1 }
            return true
        }
        try writer.commit(replaces: true, synchronizes: synchronizes)
        return (count, kept)
    }

    /// The header's time, or the present time if the header cannot be read.
    private func createdAt() throws(SessionError) -> String {
        try Self.looseHeader(in: file, path)?.createdAt ?? Date().ISO8601Format()
    }
}
