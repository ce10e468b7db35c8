import Crypto
import Files
import FoundationEssentials
import Glibc
import JSON
import SystemPackage
import Text

/// Which requests are tries of the same one (FORMAT.md, "Retries").
extension SessionStore {
    /// The turn that another try of a request stored; nil if there is none.
    ///
    /// - Parameters:
    ///   - arrival: the file when the request began to wait for the session; nil if it did not wait, or nil in it if there was none.
    ///   - hasLeft: tells whether nobody waits for the answer any more.
    func storedTurn(
        for origin: Turn.Origin, since arrival: FileStatus??, _ loaded: LoadedSession, _ key: SessionKey, hasLeft: () -> Bool
    ) async throws -> Turn? {
        let line = loaded.tail.lastLine
        guard origin.idempotencyKey != nil || origin.isRetry || arrival != nil || line.isOfRequest(origin) else { return nil }
        if origin.idempotencyKey == nil, !origin.isRetry, arrival == nil, !mark(.undelivered, on: line, of: origin, key).isThere {
            // If it fails, a retry must not be taken for one of the last turn's request.
            mark(.repeated, on: line, of: origin, key).leave()
            return nil
        }
        return try await withFile(of: loaded, key) { file in
            if origin.idempotencyKey != nil { return try keyedTurn(for: origin, loaded, file) }
            if let arrival, let (turn, line) = try overtaking(origin, since: arrival, hasLeft: hasLeft, file) {
                if !hasLeft() { mark(.undelivered, on: line, of: origin, key).remove() }
                return turn
            }
            guard let (last, line) = try lastTurn(of: file), last.request.bodySHA256 == origin.bodySHA256 else { return nil }
            let (repeated, undelivered) = (mark(.repeated, on: line, of: origin, key), mark(.undelivered, on: line, of: origin, key))
            let isUndelivered = undelivered.isThere
            guard origin.isRetry || isUndelivered else {
                repeated.leave()
                return nil
            }
            guard isRecent(last, file), isUndelivered || !repeated.isThere else { return nil }
            if !hasLeft() { undelivered.remove() }
            return last
        }
    }

    /// The turn with a request's idempotency key.
    func keyedTurn(for origin: Turn.Origin, _ loaded: LoadedSession, _ file: borrowing SessionFile) throws(SessionError) -> Turn? {
        if loaded.tail.idempotencyIndex == nil { loaded.tail.idempotencyIndex = try IdempotencyIndex(file, now: Date()) }
        guard let key = origin.idempotencyKey, let offset = loaded.tail.idempotencyIndex?.offset(of: key),
            let turn = try file.turn(at: offset), turn.request.idempotencyKey == key
        else { return nil }
        guard turn.request.bodySHA256 == origin.bodySHA256 else {
            throw SessionError(.idempotencyConflict, "Another request of session \(file.key) had the same idempotency key")
        }
        return turn
    }

    /// The turn of another try that was stored while this one waited: a retry may come first, in another process, while its first try
    /// waits. Where the client counts no retries, they are tries of one request if the client of one of them has left.
    private func overtaking(
        _ origin: Turn.Origin, since arrival: FileStatus?, hasLeft: () -> Bool, _ file: borrowing SessionFile
    ) throws -> (turn: Turn, line: LastLine)? {
        var start = 0
        if let arrival {
            // In another file nothing tells which lines are new.
            guard (arrival.device, arrival.inode) == (file.opened.device, file.opened.inode) else { return nil }
            // Everything before the closing is as it was.
            start = max(0, arrival.size - SessionFile.closing.count)
        }
        guard start < file.end else { return nil }
        var found: (turn: Turn, line: LastLine)?
        let (decoder, end, isCertain) = (ValueDecoder(), origin.lineEnd, origin.isRetry || hasLeft())
        try file.readLines(from: start) { line, _ in
            // Most are other requests' turns, which need not be decoded: many may wait at once.
            guard line.ends(with: end), let turn = SessionFile.turn(in: line, decoder), turn.request.mayBeTry(ofSameRequestAs: origin)
            else { return }
            let last = LastLine(Array(line), at: 0)
            if isCertain || turn.request.isRetry || mark(.undelivered, on: last, of: origin, file.key).isThere { found = (turn, last) }
        }
        return found
    }

    /// True if a session's last turn was stored within the last 24 hours, by its own time or by the file's.
    private func isRecent(_ last: Turn, _ file: borrowing SessionFile) -> Bool {
        let now = Date()
        let earliest = Int(now.timeIntervalSince1970) - IdempotencyIndex.period
        return LineStamp.seconds(last.at.utf8).map { $0 >= earliest } ?? false || file.opened.modifiedSeconds >= earliest
    }

    /// Notes that a request which is no retry has the body of the last turn: a retry of it, if it fails, is not one of that turn's request.
    /// Nothing is noted if the files cannot be used.
    func noteRepeated(_ origin: Turn.Origin, _ key: SessionKey) {
        guard origin.idempotencyKey == nil, !origin.isRetry, let file = fileIfWhole(key), let end = try? LastLine(of: file),
            // Most say something else, and the turn need not be decoded.
            end.isOfRequest(origin) || SessionFile.isSummary(end.beginning[...]),
            let (last, line) = try? lastTurn(of: file), last.request.bodySHA256 == origin.bodySHA256
        else { return }
        mark(.repeated, on: line, of: origin, key).leave()
    }

    /// Notes that a stored turn's answer did not reach its client. The next request with the same body, if no other turn follows, gets it.
    package func noteUndelivered(_ turn: Turn, of key: SessionKey) {
        guard turn.request.idempotencyKey == nil, let file = fileIfWhole(key), let (last, line) = try? lastTurn(of: file),
            last.id == turn.id
        else { return }
        mark(.undelivered, on: line, of: turn.request, key).leave()
    }

    private func mark(_ kind: RetryMark.Kind, on line: LastLine, of origin: Turn.Origin, _ key: SessionKey) -> RetryMark {
        RetryMark(kind, on: line, of: origin, key, lock)
    }

    /// A session's file as it is now; nil if there is none, or it cannot be read.
    private func fileIfWhole(_ key: SessionKey) -> SessionFile? {
        guard var file = try? SessionFile(path(of: key), key: key, isWritable: false, in: system),
            (try? file.assumeIntactIfWhole()) == true
        else { return nil }
        return file
    }

    private func lastTurn(of file: borrowing SessionFile) throws(SessionError) -> (turn: Turn, line: LastLine)? {
        var found: (turn: Turn, range: Range<Int>)?
        try file.readTurnsBackwards { turn, range in
            found = (turn, range)
            return false
        }
        guard let found else { return nil }
        return (found.turn, LastLine(try file.read(found.range), at: found.range.lowerBound))
    }
}
