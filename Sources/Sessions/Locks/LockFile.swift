import Files
import Synchronization
import SystemPackage

/// A file whose bytes are locked in the place of sessions.
final class LockFile: Sendable {
    private let file: File
    private let path: FilePath
    private let status: FileStatus
    /// True once a lock was neither got nor somebody else's: of a network file system the descriptor may be dead for good.
    private let hasFailed = Atomic(false)

    init(_ path: FilePath, in system: any FileSystem) throws(SessionError) {
        let file = try attempt("open \(path)") { () throws(Errno) in try File.openOrCreate(path, in: system) }
        status = try attempt("open \(path)") { () throws(Errno) in try file.status() }
        guard status.isRegular else { throw SessionError(.storageUnavailable, "\(path) is not a regular file") }
        self.file = file
        self.path = path
    }

    /// True if new locks can be taken here, and the file is still the one with this status.
    func isUsable(_ current: FileStatus) -> Bool { !hasFailed.load(ordering: .relaxed) && isSame(current) }

    func isSame(_ other: FileStatus) -> Bool { (other.device, other.inode) == (status.device, status.inode) }

    /// Takes a byte, and waits by trying again: a call that waits would hold a thread. All waiters try equally often.
    func claim(_ offset: Int64, until deadline: ContinuousClock.Instant) async throws {
        while try !claimIfFree(offset) {
            guard ContinuousClock.now < deadline else { throw SessionLock.busy }
            try await Task.sleep(for: .microseconds(Int.random(in: 1_000...5_000)))
        }
    }

    /// Takes the head of a session's queue, or the session itself, if it stays free while another process has the head: that one is
    /// stopped (SIGSTOP, a frozen container), as it would otherwise have taken the session within milliseconds.
    ///
    /// - Returns: true if the session is still to be taken.
    func claimHead(_ queue: Int64, of session: Int64, until deadline: ContinuousClock.Instant) async throws -> Bool {
        // Seldom, so that this process hardly ever overtakes a head that is alive.
        var nextLook = ContinuousClock.now + .milliseconds(100)
        while try !claimIfFree(queue) {
            let now = ContinuousClock.now
            if now >= nextLook {
                if try claimIfFree(session) { return false }
                nextLook = now + .milliseconds(100)
            }
            guard now < deadline else { throw SessionLock.busy }
            try await Task.sleep(for: .microseconds(Int.random(in: 1_000...5_000)))
        }
        return true
    }

    /// False if another process has the byte.
    func claimIfFree(_ offset: Int64) throws(SessionError) -> Bool {
        try noting { () throws(SessionError) in try file.lock(offset, path) }
    }

    /// Asks again for a byte that this process should have. False if another process has it.
    func renew(_ offset: Int64) throws(SessionError) -> Bool {
        try noting { () throws(SessionError) in try file.lock(offset, path, isRenewed: true) }
    }

    private func noting(_ body: () throws(SessionError) -> Bool) throws(SessionError) -> Bool {
        do throws(SessionError) {
            return try body()
        } catch {
            hasFailed.store(true, ordering: .relaxed)
            throw error
        }
    }

    /// The file's content is marks that may be lost: what cannot be read is nil, and what cannot be written is passed over.
    func read(_ range: Range<Int>) -> [UInt8]? { try? file.read(range) }

    func write(_ bytes: [UInt8], at offset: Int) { try? file.write(bytes, at: offset) }

    func free(_ offset: Int64) { try? file.system.setLock(file.descriptor, at: offset, isHeld: false) }
}

extension File {
    /// Takes a byte; false if another process has it. What the system refuses for another reason is an error, or it would look as if
    /// somebody else was busy.
    func lock(_ offset: Int64, _ path: FilePath, isRenewed: Bool = false) throws(SessionError) -> Bool {
        do throws(Errno) {
            if isRenewed { try system.renewLock(descriptor, at: offset) } else { try system.setLock(descriptor, at: offset, isHeld: true) }
            return true
        } catch {
            if error == .resourceTemporarilyUnavailable { return false }
            throw SessionError("lock \(path)", error)
        }
    }
}
