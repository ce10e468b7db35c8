import SystemPackage

/// The file whose bytes stand for sessions.
final class LockFile: Sendable {
    private let file: File
    private let status: FileStatus

    init(_ path: FilePath, in system: any FileSystem) throws(Errno) {
        file = try File.openOrCreate(path, in: system)
        status = try file.status()
    }

    func isSame(_ other: FileStatus) -> Bool { (other.device, other.inode) == (status.device, status.inode) }

    /// Waits by asking again: a call that waits would take a thread. Who comes later asks no more often than who came earlier.
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
