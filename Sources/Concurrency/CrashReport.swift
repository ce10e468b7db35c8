import CCrash
import Glibc

/// The line on standard error when the program dies of a fault: the signal, and the request that the thread was at.
package enum CrashReport {
    /// The signals of faults, which the thread that meets one must not block.
    package static let faults = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGSYS]

    /// Begins to watch for faults; to be called before threads are started. The process still ends by the signal.
    package static func install() {
        // What the handler does for the first time, while it still may allocate.
        _ = subject()
        ccrash_install(faults, CInt(faults.count), subject)
    }

    /// Whether the line is a JSON object; else it is text.
    package static func useJSON(_ isJSON: Bool) { ccrash_use_json(isJSON) }

    /// Runs in the signal handler: reading a value of the task's takes no lock and allocates nothing.
    private static let subject: @convention(c) () -> ccrash_subject = {
        guard let label = RequestLabel.current else { return ccrash_subject(route: nil, request: nil) }
        return ccrash_subject(route: label.route, request: label.request)
    }
}

/// What a crash says of a request: a value of the task that serves it, and of all that the task starts.
///
/// `@unchecked Sendable`: both pointers are constants, and the texts are written in `init`, before anyone can share the label. Nothing writes
/// them later; `deinit`, which frees them, runs when nobody has the label any more.
package final class RequestLabel: @unchecked Sendable {
    /// The request that the task serves.
    @TaskLocal package static var current: RequestLabel?

    /// The id that the log has for the request.
    package let requestID: String

    fileprivate let route: UnsafeMutablePointer<CChar>?
    fileprivate let request: UnsafeMutablePointer<CChar>?

    /// Makes a label.
    ///
    /// - Parameters:
    ///   - route: which of the program's routes it is; nothing that only the client knows.
    ///   - requestID: the id that the log has for it.
    package init(route: String, requestID: String) {
        self.requestID = requestID
        (self.route, request) = (strdup(route), strdup(requestID))
    }

    deinit {
        free(route)
        free(request)
    }
}
