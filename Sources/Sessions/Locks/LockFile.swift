import SystemPackage

/// A file whose bytes are locked in the place of sessions.
final class LockFile: Sendable {
    private let file: File
    private let status: FileStatus

    init(_ path: FilePath, in system: any FileSystem) throws(Errno) {
        file = try File.openOrCreate(path, in: system)
        status = try file.status()
    }

    func isSame(_ other: FileStatus) -> Bool { (other.device, other.inode) == (status.device, status.inode) }

    /// Takes a byte, and waits by trying again: a call that waits would hold a thread. All waiters try equally often.
    func claim(_ offset: Int64, until deadline: ContinuousClock.Instant) async throws {
        while try !claimIfFree(offset) {
            guard ContinuousClock.now < deadline else { throw SessionLock.busy }
            try await Task.sleep(for: .microseconds(Int.random(in: 1_000...5_000)))
        }
    }

    func claimIfFree(_ offset: Int64) throws(SessionError) -> Bool {
        do throws(Errno) {
            try set(offset, isHeld: true)
            return true
        } catch {
            if error == .resourceTemporarilyUnavailable || error == .permissionDenied { return false }
            throw SessionError("lock the session", error)
        }
    }

    func free(_ offset: Int64) { try? set(offset, isHeld: false) }

    private func set(_ offset: Int64, isHeld: Bool) throws(Errno) {
        try file.system.setLock(file.descriptor, at: offset, isHeld: isHeld)
    }
}
