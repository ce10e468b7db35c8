import CFCGI
import CLinux
package import Concurrency
import Glibc
package import Logging
import SystemPackage

/// Accepts the web server's connections, watches the idle ones, and hands each request to the workers once its head has arrived:
/// libfcgi keeps the protocol, this keeps the waiting.
package final class Listener: Sendable {
    /// Bounds that keep a peer from holding what others need.
    package struct Limits: Sendable {
        /// How long a new connection may say nothing, and a head may take.
        package var headTimeout = Duration.seconds(10)
        /// How long a kept connection may stay idle: longer than web servers keep one, so that they are the ones to close.
        package var idleTimeout = Duration.seconds(600)
        /// How long one read of a body, or one write of a response, may stall.
        package var stallTimeout = Duration.seconds(30)
        /// How many bytes of a body that nobody wanted are read, so that its sender comes to read the answer.
        package var drainLength = 64 << 20
        /// The most connections at once. Further ones wait in the backlog; kept connections that are idle are closed to make room for them.
        package var connections = 1000

        /// The limits as described.
        package init() {}
    }

    let socket: ListeningSocket
    let limits: Limits
    let epoll: CInt
    let wakeUp: CInt
    let connections = Mutex<[CInt: Connection]>([:])
    let pipes = HeadPipes()
    private let workers: WorkerPool
    private let logger: Logger
    private let handler: @Sendable (consuming Exchange) async -> Void
    private let drainDeadline = Mutex<ContinuousClock.Instant?>(nil)
    private let ended = Semaphore()

    /// Prepares to serve `socket`; nothing is accepted before `start()`.
    ///
    /// Block the signals that stop the process before this: libfcgi installs handlers, and threads inherit the mask.
    package init(
        socket: ListeningSocket, workers: WorkerPool, limits: Limits = Limits(), logger: Logger,
        handler: @escaping @Sendable (consuming Exchange) async -> Void
    ) throws(FastCGIError) {
        // A web server that leaves must not end this process.
        signal(SIGPIPE, SIG_IGN)
        guard FCGX_Init() == 0 else { throw FastCGIError(.library, "libfcgi cannot be initialised") }
        self.socket = socket
        self.workers = workers
        self.limits = limits
        self.logger = logger
        self.handler = handler
        epoll = try attempt("watch connections", code: .listen) { () throws(Errno) in
            try systemCall { epoll_create1(CInt(EPOLL_CLOEXEC)) }
        }
        wakeUp = try attempt("watch connections", code: .listen) { () throws(Errno) in
            try systemCall { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) }
        }
    }

    /// Begins to accept.
    package func start() throws(FastCGIError) {
        try attempt("start a thread", code: .library) { () throws(Errno) in
            try startThread {
                EventLoop(listener: self).run()
                self.ended.signal()
            }
        }
    }

    /// Stops accepting, closes idle connections and lets the requests in flight end, for at most `patience`. Blocks the thread.
    ///
    /// Returns how many requests were still in flight at the end.
    package func stop(patience: Duration) -> Int {
        drainDeadline.withLock { $0 = .now + patience }
        eventfd_write(wakeUp, 1)
        ended.wait()
        return connections.withLock(\.count)
    }

    /// Until when requests in flight may end; nil while the listener accepts.
    var stopping: ContinuousClock.Instant? { drainDeadline.withLock(\.self) }

    /// Gives a request whose head has arrived to the workers.
    func dispatch(_ connection: Connection, head: [UInt8]) {
        let task = Task(executorPreference: workers) {
            guard let exchange = Exchange(connection: connection, head: head, listener: self) else { return }
            await self.handler(exchange)
        }
        // It may have ended already. Hang-ups are looked at, and the next request is dispatched, on this thread: after this.
        connection.state.withLock { if $0.phase == .serving { $0.task = task } }
    }

    /// Takes a connection back from a worker, to wait for its next request.
    func watch(_ connection: Connection) {
        guard stopping == nil else { return close(connection) }
        let isWatched = connection.state.withLock { state in
            state.phase = .reading
            state.task = nil
            state.cancelsOnHangUp = false
            state.deadline = .now + limits.idleTimeout
            state.idleSince = .now
            return arm(connection, &state)
        }
        if !isWatched { close(connection) }
    }

    /// Returns when something has arrived on the connection that the caller serves, or the time is up; false where that cannot be known.
    func waitUntilReadable(_ connection: Connection, until deadline: ContinuousClock.Instant) async -> Bool {
        var isWatched = true
        await withCheckedContinuation { continuation in
            connection.state.withLock { state in
                state.deadline = deadline
                isWatched = arm(connection, &state)
                if isWatched { state.reader = continuation }
            }
            if !isWatched { continuation.resume() }
        }
        return isWatched
    }

    /// Returns when the connection that the caller serves may take more of the response, the time is up, or the task is cancelled; false if
    /// that cannot be known.
    func waitUntilWritable(_ connection: Connection, until deadline: ContinuousClock.Instant) async -> Bool {
        var isWatched = true
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.state.withLock { state in
                    // A task that was cancelled before this point is not woken by its handler any more.
                    isWatched = !Task.isCancelled && arm(connection, &state, andWriting: true)
                    if isWatched { state.writer = (continuation, deadline) }
                }
                if !isWatched { continuation.resume() }
            }
        } onCancel: {
            connection.state.withLock { connection.resumeWriter(&$0) }
        }
        return isWatched
    }

    /// From now on the task that serves the connection's request is cancelled when the peer leaves.
    func cancelOnHangUp(_ connection: Connection) {
        connection.state.withLock { state in
            state.cancelsOnHangUp = true
            // Where epoll has no room the request goes on, as if this had not been asked for.
            _ = arm(connection, &state)
        }
    }

    /// Asks epoll for what arrives next, and for what has arrived already: modifying an edge-triggered entry looks again (epoll_ctl(2)).
    func arm(_ connection: Connection, _ state: inout Connection.State, andWriting: Bool = false) -> Bool {
        let events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue | (andWriting ? EPOLLOUT.rawValue : 0)
        defer { state.isWatched = true }
        return control(state.isWatched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, connection.descriptor, events)
    }

    func control(_ operation: CInt, _ descriptor: CInt, _ events: UInt32 = 0) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }

    /// Closes a connection.
    func close(_ connection: Connection) {
        // Forgotten first: from the close on, the descriptor's number may be another connection's.
        guard forget(connection) else { return }
        Glibc.close(connection.descriptor)
    }

    /// Drops a connection whose descriptor is not to be closed here. False if that was done before.
    @discardableResult
    func forget(_ connection: Connection) -> Bool {
        let wasOpen = connection.state.withLock { state in
            defer { state.phase = .closed }
            return state.phase != .closed
        }
        connections.withLock { connections in
            if connections[connection.descriptor] === connection { connections[connection.descriptor] = nil }
        }
        // The loop may be waiting for room, or for the last request in flight.
        if wasOpen { eventfd_write(wakeUp, 1) }
        return wasOpen
    }

    func refused(_ reason: String) {
        logger.warning("A FastCGI connection was closed: \(reason)")
    }
}
