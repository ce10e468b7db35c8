import SystemPackage

/// Why a session could not be used.
public struct SessionError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure.
    public enum Code: Sendable, Hashable {
        /// The key breaks the rules for keys.
        case invalidKey
        /// The turn before this one did not end within `session.busyTimeout`.
        case busy
        /// The file is not what this program writes; it was left as it is.
        case unreadable
        /// There is no room for the turn; what was stored before is intact.
        case storageFull
        /// The files cannot be read or written now; what was stored before is intact.
        case storageUnavailable
    }

    /// The kind of failure.
    public let code: Code
    /// One sentence for the operator's log; it may name files, so it is not for clients, except for `invalidKey`.
    public let description: String

    init(_ code: Code, _ description: String) {
        self.code = code
        self.description = description
    }

    init(_ action: String, _ error: Errno) {
        let isFull = [.noSpace, .diskQuotaExceeded, .fileTooLarge].contains(error)
        self.init(isFull ? .storageFull : .storageUnavailable, "Cannot \(action): \(error)")
    }
}
