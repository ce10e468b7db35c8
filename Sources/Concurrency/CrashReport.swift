import CCrash
import Glibc

/// The line in the log, on standard error unless `write` was called, when the program dies of a fault: the signal, and the request that the thread was serving.
package enum CrashReport {
    /// The signals of faults. No thread may block them.
    package static let faults = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGSYS]

    /// Begins to report faults. Call it before threads start. The process still ends by the signal.
    package static func install() {
        // A first call may allocate, which the handler must not.
        _ = subject()
        ccrash_install(faults, CInt(faults.count), subject)
    }

    /// Says where the line goes, and whether it is a JSON object.
    package static func write(to descriptor: CInt, asJSON isJSON: Bool) { ccrash_set_output(descriptor, isJSON) }

    /// Runs in the signal handler: reading a task-local value takes no lock and allocates nothing.
    private static let subject: @convention(c) () -> ccrash_subject = {
        guard let label = RequestLabel.current else { return ccrash_subject(route: nil, request: nil) }
        return ccrash_subject(route: label.route, request: label.request)
    }
}

/// What a crash report says about a request: a task-local value of the serving task and its child tasks.
///
/// `@unchecked Sendable`: every property is a `let`. The texts that the pointers lead to are written in `init`, before the label can be
/// shared, and never again. `deinit` frees them when nobody holds the label any more.
package final class RequestLabel: @unchecked Sendable {
    /// The request that the task serves.
    @TaskLocal package static var current: RequestLabel?

    package let requestID: String

    fileprivate let route: UnsafeMutablePointer<CChar>?
    fileprivate let request: UnsafeMutablePointer<CChar>?

    /// - Parameters:
    ///   - route: one of the program's routes, with nothing that only the client knows.
    ///   - requestID: the request's id in the log.
    package init(route: String, requestID: String) {
        self.requestID = requestID
        (self.route, request) = (strdup(route), strdup(requestID))
    }

    deinit {
        free(route)
        free(request)
    }
}
