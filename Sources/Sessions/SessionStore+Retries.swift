import Crypto
import FoundationEssentials
import Glibc
import JSON
import SystemPackage
import Text

/// Which requests are tries of the same one (FORMAT.md, "Retries").
extension SessionStore {
    /// The turn that another try of a request stored; nil if there is none.
    ///
    /// - Parameter arrival: the file when the request began to wait for the session; nil if it did not wait, or nil in it if there was none.
    func storedTurn(
        for origin: Turn.Origin, since arrival: FileStatus??, _ loaded: LoadedSession, _ key: SessionKey
    ) async throws -> Turn? {
        guard origin.idempotencyKey != nil || origin.isRetry || arrival != nil || loaded.tail.lastLine.isOfRequest(origin) else {
            return nil
        }
        if origin.idempotencyKey == nil, !origin.isRetry, arrival == nil {
            // If it fails, a retry must not be taken for one of the last turn's request.
            RepeatMark(of: origin, after: loaded.tail.lastLine, key, lock).leave(in: system)
            return nil
        }
        return try await withFile(of: loaded, key) { file in
            if origin.idempotencyKey != nil { return try keyedTurn(for: origin, loaded, file) }
            if let arrival, let turn = try overtaking(origin, since: arrival, file) { return turn }
            guard let (last, line) = try lastTurn(of: file), last.request.bodySHA256 == origin.bodySHA256 else { return nil }
            let mark = RepeatMark(of: origin, after: line, key, lock)
            guard origin.isRetry else {
                mark.leave(in: system)
                return nil
            }
            return isRecent(last, file) && !mark.isThere(in: system) ? last : nil
        }
    }

    /// The turn with a request's idempotency key.
    private func keyedTurn(for origin: Turn.Origin, _ loaded: LoadedSession, _ file: borrowing SessionFile) throws(SessionError) -> Turn? {
        if loaded.tail.idempotencyIndex == nil { loaded.tail.idempotencyIndex = try IdempotencyIndex(file, now: Date()) }
        guard let key = origin.idempotencyKey, let offset = loaded.tail.idempotencyIndex?.offset(of: key),
            let turn = try file.turn(at: offset), turn.request.idempotencyKey?.utf8.elementsEqual(key.utf8) == true
        else { return nil }
        guard turn.request.bodySHA256 == origin.bodySHA256 else {
            throw SessionError(.idempotencyConflict, "Another request of session \(file.key) had the same idempotency key")
        }
        return turn
    }

    /// The turn of another try that was stored while this one waited: a retry may come first, in another process, while its first try
    /// waits.
    private func overtaking(
        _ origin: Turn.Origin, since arrival: FileStatus?, _ file: borrowing SessionFile
    ) throws -> Turn? {
        var start = 0
        if let arrival {
            // In another file nothing tells which lines are new.
            guard (arrival.device, arrival.inode) == (file.opened.device, file.opened.inode) else { return nil }
            // Everything before the closing is as it was.
            start = max(0, arrival.size - SessionFile.closing.count)
        }
        guard start < file.end else { return nil }
        var found: Turn?
        let (decoder, end) = (ValueDecoder(), origin.lineEnd)
        try file.readLines(from: start) { line, _ in
            // Most are other requests' turns, which need not be decoded: many may wait at once.
            guard line.ends(with: end), let turn = SessionFile.turn(in: line, decoder) else { return }
            if turn.request.isTry(ofSameRequestAs: origin) { found = turn }
        }
        return found
    }

    /// True if a session's last turn was stored within the last 24 hours, by its own time or by the file's.
    private func isRecent(_ last: Turn, _ file: borrowing SessionFile) -> Bool {
        let now = Date()
        let earliest = Int(now.timeIntervalSince1970) - IdempotencyIndex.period
        return LineStamp.seconds(last.at.utf8).map { $0 >= earliest } ?? false || file.opened.modifiedSeconds >= earliest
    }

    /// Marks a request that was given up before its turn, if the last turn has the same body.
    func noteBusy(_ origin: Turn.Origin, _ key: SessionKey) {
        guard origin.idempotencyKey == nil, !origin.isRetry,
            var file = try? SessionFile(path(of: key), key: key, isWritable: false, in: system),
            (try? file.assumeIntactIfWhole()) == true, let (last, line) = try? lastTurn(of: file),
            last.request.bodySHA256 == origin.bodySHA256
        else { return }
        RepeatMark(of: origin, after: line, key, lock).leave(in: system)
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

/// A mark, for all processes, of a request that came when the session's last turn had the same body and was answered: of somebody who says
/// the same twice. So a retry of such a request that failed does not get the earlier answer.
///
/// It is in the session's lock file, which has a place for each mark, by its first bits; a later mark takes the place of an earlier one. Without
/// a mark a retry gets the last turn, so what cannot be read or written is passed over.
private struct RepeatMark {
    private let bytes: [UInt8]
    private let path: FilePath

    init(of origin: Turn.Origin, after last: LastLine, _ key: SessionKey, _ lock: SessionLock) {
        let text = Array("\(key.description)\n".utf8) + last.beginning + Array("\n\(origin.bodySHA256)".utf8)
        bytes = Array(SHA256.digest(of: text).prefix(16))
        path = lock.path(for: key.lockOffset)
    }

    private var offset: Int { (Int(bytes[0]) << 8 | Int(bytes[1])) % 4096 * bytes.count }

    func leave(in system: any FileSystem) { try? File(path, O_RDWR, in: system).write(bytes, at: offset) }

    func isThere(in system: any FileSystem) -> Bool {
        (try? File(path, O_RDONLY, in: system).read(offset..<offset + bytes.count)) == bytes
    }
}
