import Glibc
package import SystemPackage

extension File {
    /// Takes a lock that others have for a moment only, and waits for it. It ends with the file.
    ///
    /// - Returns: false if it was not free within the time.
    package borrowing func waitForLock(at offset: Int64, upTo time: Duration) throws(Errno) -> Bool {
        let deadline = ContinuousClock.now + time
        var pause: UInt32 = 50
        while true {
            do throws(Errno) {
                try system.setLock(descriptor, at: offset, isHeld: true)
                return true
            } catch {
                guard error == .resourceTemporarilyUnavailable else { throw error }
                guard ContinuousClock.now < deadline else { return false }
            }
            usleep(pause)
            pause = min(pause * 2, 2000)
        }
    }
}
