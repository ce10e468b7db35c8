import CFCGI
import CLinux
package import Concurrency
import Glibc
package import Logging
import Synchronization
import SystemPackage

/// Accepts the web server's connections, watches the idle ones, and hands each request to the workers once its head has arrived.
/// libfcgi handles the protocol; the listener does the waiting.
package final class Listener: Sendable {
    /// Limits that keep one peer from starving the others.
    package struct Limits: Sendable {
        /// How long a new connection may stay silent, and how long a head may take to arrive.
        package var headTimeout = Duration.seconds(10)
        /// How long a kept connection may stay idle: longer than web servers keep one, so that the web server closes it.
        package var idleTimeout = Duration.seconds(600)
        /// How long a write of a response may stall.
        package var stallTimeout = Duration.seconds(30)
        /// How long a body may stall: web servers that buffer it pass on what a slow client sends only now and then.
        package var bodyStallTimeout = Duration.seconds(60)
        /// How long a whole body may take to arrive, however steadily.
        package var bodyTimeout = Duration.seconds(3600)
        /// How many bytes of an unwanted body are read and dropped, so that its sender gets to read the response.
        package var drainLength = 64 << 20
        /// The most connections at once. Further ones wait in the backlog, and idle connections are closed to make room for them.
        package var connections = 1000

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
    let longHeadResponse: @Sendable () -> [UInt8]
    private let drain = Mutex<(deadline: ContinuousClock.Instant, silence: Duration)?>(nil)
    private let ended = Semaphore()
    private let hasEnded = Atomic(false)
    /// How many requests were cancelled because time ran out.
    let cut = Atomic(0)

    /// Prepares to serve `socket`. Connections are accepted only after `start()`.
    ///
    /// Block the signals that stop the process before calling this: libfcgi installs handlers, and threads inherit the mask.
    ///
    /// - Parameter longHeadResponse: makes the response to a head of more than 64 KiB. It must be shorter than that, and must not wait.
    package init(
        socket: ListeningSocket, workers: WorkerPool, limits: Limits = Limits(), logger: Logger,
        longHeadResponse: @escaping @Sendable () -> [UInt8],
        handler: @escaping @Sendable (consuming Exchange) async -> Void
    ) throws(FastCGIError) {
        // A web server that leaves must not end this process.
        signal(SIGPIPE, SIG_IGN)
        guard FCGX_Init() == 0 else { throw FastCGIError(.library, "libfcgi cannot be initialised") }
        self.socket = socket
        self.workers = workers
        self.limits = limits
        self.logger = logger
        (self.longHeadResponse, self.handler) = (longHeadResponse, handler)
        epoll = try attempt("watch connections", code: .listen) { () throws(Errno) in
            try systemCall { epoll_create1(CInt(EPOLL_CLOEXEC)) }
        }
        wakeUp = try attempt("watch connections", code: .listen) { () throws(Errno) in
            try systemCall { eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)) }
        }
    }

    package func start() throws(FastCGIError) {
        try attempt("start a thread", code: .library) { () throws(Errno) in
            try startThread {
                EventLoop(listener: self).run()
                self.hasEnded.store(true, ordering: .releasing)
                self.ended.signal()
            }
        }
    }

    /// Stops accepting, closes idle connections and waits at most `patience` for the requests in flight. Then it cancels them, and a little
    /// later gives up those that have not ended. Blocks the thread. Called again, it counts from then on.
    ///
    /// - Parameter silence: how long a connection has to be silent before it is closed. A request that the web server sends just then is
    ///   lost, so somebody who has time waits for the web server to close it.
    /// Returns how many requests did not end by themselves.
    package func stop(patience: Duration, silence: Duration = .milliseconds(200)) -> Int {
        drain.withLock { $0 = (.now + patience, silence) }
        eventfd_write(wakeUp, 1)
        ended.wait()
        // Another thread may wait, too.
        ended.signal()
        return cut.load(ordering: .relaxed)
    }

    /// The deadline for requests in flight; nil while the listener accepts.
    var stopping: ContinuousClock.Instant? { drain.withLock { $0?.deadline } }

    /// How long a connection has to be silent before it is closed while the listener stops.
    var drainSilence: Duration { drain.withLock { $0?.silence } ?? .zero }

    /// Hands a request whose head has arrived to the workers.
    ///
    /// - Parameter rest: what has arrived after the head.
    func dispatch(_ connection: Connection, head: [UInt8], rest: ArraySlice<UInt8>) {
        let task = Task(executorPreference: workers) {
            guard let exchange = Exchange(connection: connection, head: head, rest: rest, listener: self) else { return }
            await self.handler(exchange)
        }
        // The task may have ended already. Hang-ups and the connection's next request are handled on this thread, so after this line.
        connection.state.withLock { if $0.phase == .serving { $0.task = task } }
    }

    /// Takes a connection back from a worker and waits for its next request.
    func watch(_ connection: Connection) {
        // While the loop drains, it closes the connection once nothing comes.
        guard !hasEnded.load(ordering: .acquiring) else { return close(connection) }
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

    /// Returns when bytes have arrived on the connection that the caller serves, or the deadline has passed; false if epoll cannot watch.
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

    /// Returns when the connection that the caller serves may take more of the response, the deadline has passed, or the task is
    /// cancelled. False if epoll cannot watch it.
    func waitUntilWritable(_ connection: Connection, until deadline: ContinuousClock.Instant) async -> Bool {
        var isWatched = true
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                connection.state.withLock { state in
                    // If the task was cancelled before this point, its handler has already run and will not wake it.
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

    /// From now on, cancels the task that serves the connection's request if the peer leaves.
    func cancelOnHangUp(_ connection: Connection) {
        connection.state.withLock { state in
            state.cancelsOnHangUp = true
            // If epoll has no room, the request goes on as if this had not been called.
            _ = arm(connection, &state)
        }
    }

    /// Asks epoll to report what arrives next and what has already arrived: modifying an edge-triggered entry re-arms it (epoll_ctl(2)).
    func arm(_ connection: Connection, _ state: inout Connection.State, andWriting: Bool = false) -> Bool {
        let events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue | (andWriting ? EPOLLOUT.rawValue : 0)
        defer { state.isWatched = true }
        return control(state.isWatched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, connection.descriptor, events)
    }

    func control(_ operation: CInt, _ descriptor: CInt, _ events: UInt32 = 0) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }

    func close(_ connection: Connection) {
        // Forget it first: once closed, its descriptor's number may belong to another connection.
        guard forget(connection) else { return }
        Glibc.close(connection.descriptor)
    }

    /// Drops a connection without closing its descriptor. False if it was already dropped.
    @discardableResult
    func forget(_ connection: Connection) -> Bool {
        let wasOpen = connection.state.withLock { state in
            defer { state.phase = .closed }
            return state.phase != .closed
        }
        connections.withLock { connections in
            if connections[connection.descriptor] === connection { connections[connection.descriptor] = nil }
        }
        // The loop may be waiting for room or for the last request in flight.
        if wasOpen { eventfd_write(wakeUp, 1) }
        return wasOpen
    }

    func refused(_ reason: String) {
        logger.warning("A FastCGI connection was closed: \(reason)")
    }
}
