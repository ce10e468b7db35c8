import Sessions
import SystemPackage

/// One of the two clients of a file system between which the doctor stands.
protocol PeerSide: Sendable {
    /// Where it is, such as `here` or `at http://b:8080`.
    var place: String { get }

    /// Lets it change the shared file, and tells what it sees then.
    func perform(_ action: PeerProbe.Action) async throws -> PeerView

    /// Runs `body` while this side has the lock.
    ///
    /// - Returns: nil if the lock was not free, or not held to the end.
    func whileLocked<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result?
}

/// Why a side could not do its part.
struct PeerError: Error, CustomStringConvertible {
    var description: String
    var fix: [String] = []
}

/// A mount of this host.
struct LocalSide: PeerSide {
    let place: String
    let probe: PeerProbe

    func perform(_ action: PeerProbe.Action) throws -> PeerView { try probe.perform(action) }

    func whileLocked<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result? {
        try await probe.withLock(body)
    }
}
