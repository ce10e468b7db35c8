import CCrash
import Glibc
package import SystemPackage

/// The size of a thread's stack, in bytes. JSON at the nesting limit takes a quarter of it in a release build. The default would depend on
/// the host (`ulimit -s`).
private let stackSize = 2 << 20

/// Starts a detached thread that runs `body`. It inherits the signal mask: before the first one starts, block the signals it must not get.
package func startThread(_ body: @escaping @Sendable () -> Void) throws(Errno) {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackSize)
    let box = Unmanaged.passRetained(Box(body))
    let status = pthread_create(
        &thread, &attributes,
        { argument in
            guard let argument else { return nil }
            ccrash_protect_thread()
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    guard status == 0 else {
        box.release()
        throw Errno(rawValue: status)
    }
    pthread_detach(thread)
}

/// A counting semaphore for threads (never for tasks: it blocks).
///
/// `@unchecked Sendable`: the pointer is a constant, and sem_post(3) and sem_wait(3) are safe from any thread at any time (attributes(7):
/// MT-Safe). `deinit` runs when no thread holds the semaphore any more, so none waits on it.
package final class Semaphore: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<sem_t>

    /// A semaphore at 0.
    package init() {
        pointer = .allocate(capacity: 1)
        sem_init(pointer, 0, 0)
    }

    deinit {
        sem_destroy(pointer)
        pointer.deallocate()
    }

    /// Wakes one waiting thread, or lets the next one through.
    package func signal() { sem_post(pointer) }

    /// Blocks until a signal, which it consumes.
    package func wait() {
        // Only EINTR can fail here (sem_wait(3)).
        while sem_wait(pointer) != 0 {}
    }
}
