public import Glibc

/// A value that only one thread at a time can access.
///
/// A POSIX mutex, because Thread Sanitizer understands it. `Synchronization.Mutex` waits in a part of the Swift runtime that is not
/// instrumented, so under contention correct programs are reported (Swift 6.3 on Linux: four threads that append to one array).
///
/// `@unchecked Sendable`: no source file but this one uses the value, and only `withLock` does, under the POSIX mutex, whose pointer never
/// changes; other modules cannot name either (`@usableFromInline` opens them to inlined copies of `withLock` alone). `sending` keeps
/// references to the value's parts from bypassing the lock.
///
/// Inlinable, so that each module compiles it for its own types. The general form looks up the types' metadata with each call.
@usableFromInline
package final class Mutex<Value>: @unchecked Sendable {
    @usableFromInline
    var value: Value
    @usableFromInline
    let lock: UnsafeMutablePointer<pthread_mutex_t>

    package init(_ value: sending Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        pthread_mutex_init(lock, nil)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Runs `body` on the value while no other thread can. Do not nest it, and do not wait inside.
    @inlinable
    package func withLock<Result, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}
