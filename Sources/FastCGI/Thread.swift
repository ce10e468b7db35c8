import Glibc
import Locking
import SystemPackage

/// Starts a detached thread that runs `body`.
func startThread(_ body: @escaping @Sendable () -> Void) throws(FastCGIError) {
    let status = startDetachedThread(body)
    guard status == 0 else { throw FastCGIError(.library, "Cannot start a thread", cause: Errno(rawValue: status)) }
}

/// A counting semaphore for threads (never for tasks: it blocks).
///
/// `@unchecked Sendable`: the pointer is set once, and sem_post(3) and sem_wait(3) are safe from any thread.
public final class Semaphore: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<sem_t>

    /// Makes one that counts from 0.
    public init() {
        pointer = .allocate(capacity: 1)
        sem_init(pointer, 0, 0)
    }

    deinit {
        sem_destroy(pointer)
        pointer.deallocate()
    }

    /// Lets one thread go on that waits, or that will.
    public func signal() { sem_post(pointer) }

    /// Waits for a signal of its own.
    public func wait() {
        // Only EINTR can fail here (sem_wait(3)).
        while sem_wait(pointer) != 0 {}
    }
}
