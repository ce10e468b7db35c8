package import Chat
import Files
import FoundationEssentials
import JSON
import SystemPackage
import Text

/// Where a turn goes.
package enum TurnPlace: Sendable {
    /// Behind the session's last turn, whichever that is.
    case end
    /// The same, but not in a new session.
    case existing
    /// In a session that does not exist yet.
    case newSession
    /// Behind a turn, which has to be the session's last one.
    case after(TurnReference)
    /// In a session that does not exist yet, behind copies of another session's turns up to this one.
    case branch(SessionKey, TurnReference)
}

/// Turns that ids name.
extension SessionStore {
    /// The session of a locator; nil if there was none. Whether it still exists is not known.
    package func key(at locator: SessionLocator) throws(SessionError) -> SessionKey? {
        try lock.check()
        return try locators.key(at: locator)
    }

    /// A turn; nil if the session does not exist, or has no such turn.
    package func turn(_ reference: TurnReference, of key: SessionKey) async throws -> Turn? {
        try await withTaskExecutorPreference(reading) {
            try await withSession(key) { file in
                guard let range = try file.range(of: reference) else { return nil }
                guard let turn = SessionFile.turn(in: try file.read(range)[...], ValueDecoder()) else { throw file.unreadableLine }
                return turn
            } ?? nil
        }
    }

    /// True if a turn of a session runs.
    package func isBusy(_ key: SessionKey) throws(SessionError) -> Bool { try lock.withLockIfFree(key) { true } == nil }

    /// Fails if a turn cannot go to a place of its session.
    func check(_ place: TurnPlace, _ loaded: LoadedSession?, _ key: SessionKey) async throws {
        switch place {
        case .end: break
        case .existing:
            guard loaded != nil else { throw SessionError.notFound(key) }
        case .newSession:
            guard loaded == nil else { throw SessionError(.exists, "There is a session \(key) already") }
        case .branch(let source, let last):
            guard loaded == nil else { throw SessionError(.exists, "There is a session \(key) already") }
            // Now, before a model is asked for what could not be stored.
            try copies.check()
            let size = try await withSession(source) { file in try file.range(of: last)?.upperBound }
            guard let size = size ?? nil else { throw SessionError.unknownTurn(source) }
            try checkRoom(size, source)
        case .after(let reference):
            guard let loaded else { throw SessionError.unknownTurn(key) }
            if loaded.tail.lastLine.beginning.starts(with: reference.lineStart) { return }
            try await withFile(of: loaded, key) { file in
                guard let range = try file.range(of: reference) else { throw SessionError.unknownTurn(key) }
                var isLast = true
                try file.readTurnsBackwards { _, last in
                    isLast = last.lowerBound == range.lowerBound
                    return false
                }
                guard isLast else { throw SessionError(.notLast, "Another turn of session \(key) follows this one") }
            }
        }
    }

    /// What a model may see before a turn that begins a branch; nil for another one.
    func history(before place: TurnPlace) async throws -> [PastTurn]? {
        guard case .branch(let source, let last) = place else { return nil }
        return try await history(of: source, upTo: last)
    }

    /// Stores a turn as the last one of a new session, which has the turns of another one before it.
    func store(_ turn: Turn, in key: SessionKey, branchingFrom source: SessionKey, behind last: TurnReference) async throws {
        try lock.checkStillHeld(key)
        let isThere = try await withSession(source) { file in
            guard let range = try file.range(of: last) else { return false }
            var writer = try SessionWriter(path(of: key), key: key, createdAt: turn.at, in: system)
            let start = try file.headerLength() + 1
            copies.take(range.upperBound - start)
            try writer.append(start..<range.upperBound, of: file)
            if let past = turn.past { try writer.append(past.line) }
            try writer.append(turn.line)
            try writer.commit(replaces: false, synchronizes: synchronizes)
            return true
        }
        guard isThere == true else { throw SessionError.unknownTurn(source) }
    }

    /// Whether a turn is in a session, and no later than another one.
    package func has(_ turn: TurnReference, upTo last: TurnReference, of key: SessionKey) async throws -> Bool {
        try await withSession(key) { file in
            guard let range = try file.range(of: turn), let end = try file.range(of: last) else { return false }
            return range.lowerBound <= end.lowerBound
        } ?? false
    }

    /// What the request of a turn gave as the past, which is the turn before it; nil if it gave none.
    package func given(with turn: Turn, _ reference: TurnReference, of key: SessionKey) async throws -> Turn? {
        try await withSession(key) { file in
            guard let range = try file.range(of: reference) else { return nil }
            return try given(with: turn, before: range, in: file)
        } ?? nil
    }

    func given(with turn: Turn?, before range: Range<Int>, in file: borrowing SessionFile) throws(SessionError) -> Turn? {
        var past: Turn?
        try file.readTurnsBackwards(from: range.lowerBound) { turn, _ in
            past = turn
            return false
        }
        return past.flatMap { $0.isGiven && $0.request.id == turn?.request.id ? $0 : nil }
    }

    /// The turns up to one that a model may see, oldest first.
    ///
    /// - Throws: `unknownTurn` if there is no such turn.
    package func history(of key: SessionKey, upTo reference: TurnReference) async throws -> [PastTurn] {
        try await withSession(key) { file in
            guard let range = try file.range(of: reference) else { throw SessionError.unknownTurn(key) }
            return try file.readWindow(0..<range.upperBound, limits: settings.window).visible
        } ?? { throw SessionError.unknownTurn(key) }()
    }
}

extension SessionError {
    static func unknownTurn(_ key: SessionKey) -> SessionError { SessionError(.unknownTurn, "Session \(key) has no such turn") }
}
