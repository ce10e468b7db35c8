import Files
import SystemPackage

/// Why a session could not be used.
package struct SessionError: Error, Sendable, CustomStringConvertible {
    package enum Code: Sendable, Hashable {
        /// The key breaks the rules for keys.
        case invalidKey
        /// There is no session with this key.
        case notFound
        /// There is already a session with this key.
        case exists
        /// The session has no turn to take back.
        case empty
        /// No turn of the session has this id.
        case unknownTurn
        /// Another turn follows the one that a new turn was to follow.
        case notLast
        /// The turn before this one did not end within `session.busyTimeout`.
        case busy
        /// The idempotency key belongs to another request.
        case idempotencyConflict
        /// The file is damaged or not a session. It was left as it is.
        case unreadable
        /// A newer version of this program wrote the file. It was left as it is.
        case newerFormat
        /// A turn is longer than a line of a session's file may be.
        case turnTooLong
        /// The session has reached `session.maxBytes`.
        case sessionFull
        /// Too much was copied lately.
        case tooManyCopies
        /// There is no room on the disk. What was stored before is intact.
        case storageFull
        /// The files cannot be read or written now. What was stored before is intact.
        case storageUnavailable
    }

    package let code: Code
    /// One sentence for the operator. It may name files, so it is not for clients, except with `invalidKey` and `sessionFull`.
    package let description: String
    /// True if a change may have happened all the same, or may be undone when the machine dies. The next look at the session finds out.
    package let isOutcomeUnknown: Bool

    init(_ code: Code, _ description: String, isOutcomeUnknown: Bool = false) {
        (self.code, self.description, self.isOutcomeUnknown) = (code, description, isOutcomeUnknown)
    }

    /// The same error of a change that may have happened.
    var withUnknownOutcome: SessionError { SessionError(code, description, isOutcomeUnknown: true) }

    init(_ action: String, _ error: Errno) {
        let isFull = [.noSpace, .diskQuotaExceeded, .fileTooLarge].contains(error)
        let reason =
            error == ClusterFileSystem.notMounted
            ? "the data directory does not carry the mark of its cluster (storage.cluster). Is it mounted?" : "\(error)"
        self.init(isFull ? .storageFull : .storageUnavailable, "Cannot \(action): \(reason)")
    }

    static let turnTooLong = SessionError(.turnTooLong, "A turn has at most \(SessionFile.longestLine) bytes")

    static func notFound(_ key: SessionKey) -> SessionError { SessionError(.notFound, "There is no session \(key)") }
}

/// Runs file operations that belong together. If one fails, the error says what they were for.
func attempt<Result: ~Copyable>(_ action: @autoclosure () -> String, _ operations: () throws(Errno) -> Result) throws(SessionError)
    -> Result
{
    do throws(Errno) {
        return try operations()
    } catch {
        throw SessionError(action(), error)
    }
}
