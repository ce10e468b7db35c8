import Glibc

/// Starts a detached thread that runs `body`, and gives 0, or the error of pthread_create(3). It inherits the signal mask: block what it must
/// not take before the first one starts.
public func startDetachedThread(_ body: @escaping @Sendable () -> Void) -> CInt {
    final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }
    var thread = pthread_t()
    let box = Unmanaged.passRetained(Box(body))
    let status = pthread_create(
        &thread, nil,
        { argument in
            guard let argument else { return nil }
            Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
            return nil
        }, box.toOpaque())
    if status == 0 { pthread_detach(thread) } else { box.release() }
    return status
}
