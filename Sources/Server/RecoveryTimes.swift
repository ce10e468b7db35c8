import Text

/// What `Retry-After` says where several machines share the data directory, in seconds: the sessions of one that was cut off are locked until the
/// file system gives it up.
package struct RecoveryTimes: Sendable {
    private let busy: Int
    private let storage: Int

    /// CephFS gives a machine up a minute after its last sign of life; its sessions were free again after 65 to 104 s.
    private static let longest = 110

    /// OpenAI's clients try three times, and wait for as long as `Retry-After` says between them.
    ///
    /// - Parameter wait: how long each try waits for a session, in seconds.
    package init(afterWaiting wait: Int) {
        storage = Self.longest / 2
        busy = max(1, (Self.longest - 3 * wait) / 2)
    }

    func applied(to error: APIError) -> APIError {
        guard error.headers.contains(where: { $0.name == "Retry-After" }) else { return error }
        var error = error
        switch error.code {
        case "session_busy": error.headers = [("Retry-After", "\(busy)")]
        case "storage_unavailable": error.headers = [("Retry-After", "\(storage)")]
        default: break
        }
        return error
    }
}
