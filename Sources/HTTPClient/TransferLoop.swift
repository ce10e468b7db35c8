import CCurl
import Concurrency
import Glibc

/// The thread of a transfer engine and what it shares with its callers.
///
/// `@unchecked Sendable`: `multi` is set once and only the thread uses it; it is freed when neither the thread nor anyone else references
/// this object. Everything else is protected by the inbox's lock.
final class TransferLoop: @unchecked Sendable {
    /// Identifies a transfer to cancel, which may not have begun yet.
    final class Ticket: Sendable {}

    private struct Inbox {
        var arrivals: [(transfer: Transfer, ticket: ObjectIdentifier)] = []
        /// Kept until the thread has seen them, so that no new ticket is at the address of one of these.
        var cancelled: [Ticket] = []
        var resumed: [ObjectIdentifier] = []
        var isStopping = false
    }

    private let inbox = Mutex(Inbox())
    private let multi: UnsafeMutableRawPointer
    private let watch: SocketWatch
    private let ended = Semaphore()

    /// The maximum number of open connections, unless twice the number of transfers is larger.
    ///
    /// libcurl counts connections in use as well, and closes an idle one for each that is returned above the maximum. A fixed maximum would
    /// end all reuse under load; libcurl's own, four times the transfers, would end it if few chats go to many servers.
    private static let connections = 64

    /// Starts the thread. libcurl has to be loaded.
    init() throws(TransferError) {
        guard let multi = ccurl_multi_init() else { throw TransferError(.missingLibrary, "libcurl has no memory") }
        self.multi = multi
        do {
            watch = try SocketWatch(multi)
        } catch {
            ccurl_multi_cleanup(multi)
            throw error
        }
        do {
            try startThread { self.run() }
        } catch {
            throw TransferError(.connect, "Cannot start a thread: \(error)")
        }
    }

    deinit { ccurl_multi_cleanup(multi) }

    /// Begins a transfer for the current task.
    func begin(_ transfer: Transfer, _ ticket: Ticket) {
        let isOver = inbox.withLock { inbox in
            // Checked under the lock: a task is marked as cancelled before `cancel` is called, so one of the two sees the other.
            let isOver = inbox.isStopping || Task.isCancelled
            if !isOver { inbox.arrivals.append((transfer, ObjectIdentifier(ticket))) }
            return isOver
        }
        if isOver { transfer.finish(.failure(.cancelled)) } else { watch.wake() }
    }

    /// Ends a transfer if it is in progress.
    func cancel(_ ticket: Ticket) {
        inbox.withLock { $0.cancelled.append(ticket) }
        watch.wake()
    }

    /// Goes on with a transfer that paused because its buffer was full.
    func resume(_ ticket: Ticket) {
        inbox.withLock { $0.resumed.append(ObjectIdentifier(ticket)) }
        watch.wake()
    }

    /// Ends every transfer and then the thread.
    func stop() {
        inbox.withLock { $0.isStopping = true }
        watch.wake()
    }

    /// Blocks until the thread has ended.
    func waitForEnd() {
        ended.wait()
        ended.signal()
    }

    private func run() {
        // Signals belong to the main thread, and OpenSSL may write to a connection that the peer has closed (SIGPIPE). Faults are not
        // blocked: a blocked one would end the process without a message.
        var signals = sigset_t()
        sigfillset(&signals)
        for fault in CrashReport.faults { sigdelset(&signals, fault) }
        pthread_sigmask(SIG_BLOCK, &signals, nil)

        var active: [UnsafeMutableRawPointer: (transfer: Transfer, ticket: ObjectIdentifier)] = [:]
        var handles: [ObjectIdentifier: UnsafeMutableRawPointer] = [:]
        func start(_ transfer: Transfer, _ ticket: ObjectIdentifier) {
            do throws(TransferError) {
                let handle = try transfer.prepare()
                guard ccurl_multi_add_handle(multi, handle) == CURLM_OK else { throw TransferError(.connect, "libcurl has no memory") }
                active[handle] = (transfer, ticket)
                handles[ticket] = handle
            } catch {
                transfer.finish(.failure(error))
            }
        }
        func end(_ handle: UnsafeMutableRawPointer, _ finish: (Transfer, ObjectIdentifier) -> Void) {
            guard let (transfer, ticket) = active.removeValue(forKey: handle) else { return }
            handles[ticket] = nil
            ccurl_multi_remove_handle(multi, handle)
            finish(transfer, ticket)
        }
        while true {
            let news = inbox.withLock { inbox in
                defer { (inbox.arrivals, inbox.cancelled, inbox.resumed) = ([], [], []) }
                return inbox
            }
            for (transfer, ticket) in news.arrivals { start(transfer, ticket) }
            for ticket in news.cancelled {
                if let handle = handles[ObjectIdentifier(ticket)] { end(handle) { transfer, _ in transfer.finish(.failure(.cancelled)) } }
            }
            for ticket in news.resumed { if let handle = handles[ticket] { ccurl_easy_resume(handle) } }
            if news.isStopping { break }
            ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, max(Self.connections, 2 * active.count))
            watch.wait(multi)
            var code = CURLE_OK
            while let handle = ccurl_multi_next_done(multi, &code) {
                end(handle) { transfer, ticket in
                    if transfer.isToBeginAgain(after: code) { start(transfer, ticket) } else { transfer.finish(code) }
                }
            }
        }
        for handle in Array(active.keys) { end(handle) { transfer, _ in transfer.finish(.failure(.cancelled)) } }
        ended.signal()
    }
}

extension TransferError {
    fileprivate static let cancelled = TransferError(.cancelled, "The request was cancelled")
}
