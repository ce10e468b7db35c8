import CLinux
import Concurrency
import Glibc
import Synchronization
import SystemPackage

/// The listener's thread. All waiting for descriptors happens here.
struct EventLoop {
    let listener: Listener
    private var isAccepting = false
    private var acceptsAgain = ContinuousClock.now
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: RequestHead.maximumLength, alignment: 8)

    /// `tick` is the interval between checks of the deadlines. `shortage` is that interval while no connection is accepted, and the pause
    /// after the process has run out of descriptors.
    private static let tick = Duration.milliseconds(500)
    private static let shortage = Duration.milliseconds(50)
    /// How long requests that were cancelled may take to say so to their clients.
    private static let cut = Duration.seconds(3)

    init(listener: Listener) {
        self.listener = listener
    }

    /// Serves until the listener is told to stop and its requests have ended or run out of time.
    consuming func run() {
        defer { buffer.deallocate() }
        _ = listener.control(EPOLL_CTL_ADD, listener.wakeUp, EPOLLIN.rawValue | EPOLLET.rawValue)
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        var nextSweep = ContinuousClock.now + Self.tick
        while listener.stopping == nil {
            acceptIfThereIsRoom()
            let isIdle = isAccepting && listener.connections.withLock { $0.isEmpty }
            let timeout = isAccepting ? Self.tick : Self.shortage
            let count = epoll_wait(listener.epoll, &events, CInt(events.count), isIdle ? -1 : CInt(timeout / .milliseconds(1)))
            for event in events.prefix(Int(max(0, count))) {
                if event.data.fd == listener.socket.descriptor { accept() } else { look(at: event) }
            }
            if ContinuousClock.now >= nextSweep {
                sweep { state, _ in state.deadline <= .now }
                endWaits(at: .now)
                if !isAccepting { makeRoom() }
                nextSweep = .now + (isAccepting ? Self.tick : Self.shortage)
            }
        }
        drain(&events)
    }

    private mutating func acceptIfThereIsRoom() {
        let hasRoom = listener.connections.withLock { $0.count } < listener.limits.connections && ContinuousClock.now >= acceptsAgain
        guard hasRoom != isAccepting else { return }
        // While there is no room the socket leaves epoll, which would report the waiting connections again and again.
        isAccepting = listener.control(hasRoom ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener.socket.descriptor, EPOLLIN.rawValue) && hasRoom
    }

    private mutating func accept() {
        for _ in 0..<64 where listener.connections.withLock({ $0.count }) < listener.limits.connections {
            let descriptor: CInt
            do throws(Errno) {
                descriptor = try systemCall { accept4(listener.socket.descriptor, nil, nil, CInt(SOCK_CLOEXEC.rawValue)) }
            } catch {
                if error == .wouldBlock { return }
                if error == .connectionAbort { continue }
                // Out of descriptors or memory: open connections are still served, new ones wait in the backlog.
                listener.refused("cannot accept: \(error)")
                acceptsAgain = .now + Self.shortage
                return
            }
            guard listener.socket.peers.admits(peerOf: descriptor) else {
                close(descriptor)
                listener.refused("a peer of an address that is not the web server's")
                continue
            }
            let (seconds, attoseconds) = listener.limits.stallTimeout.components
            // 0 would mean no limit (socket(7)).
            let stall = timeval(tv_sec: Int(seconds), tv_usec: max(seconds == 0 ? 1 : 0, Int(attoseconds / 1_000_000_000_000)))
            try? setOption(descriptor, level: SOL_SOCKET, SO_RCVTIMEO, stall)
            try? setOption(descriptor, level: SOL_SOCKET, SO_SNDTIMEO, stall)
            let connection = Connection(descriptor: descriptor, deadline: .now + listener.limits.headTimeout)
            listener.connections.withLock { $0[descriptor] = connection }
            look(at: connection, events: EPOLLIN.rawValue)
        }
    }

    private func look(at event: epoll_event) {
        if let connection = listener.connections.withLock({ $0[event.data.fd] }) { look(at: connection, events: event.events) }
    }

    /// Reads what has arrived on a connection that no task serves. If a task serves it, wakes that task and checks whether the peer has
    /// left.
    private func look(at connection: Connection, events: UInt32) {
        let (arrival, bytes) = connection.state.withLock { state -> (Connection.Arrival, [UInt8]) in
            guard state.phase == .reading else {
                // Each is woken by its own events only: unread bytes would wake the writer again and again.
                if events & ~EPOLLOUT.rawValue != 0 { connection.resumeReader(&state) }
                if events & (EPOLLOUT.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { connection.resumeWriter(&state) }
                // The event is not trusted: it may be older than this connection.
                let isHangUp = state.phase == .serving && state.cancelsOnHangUp && connection.isAbandoned
                return (isHangUp ? .hangUp : .nothing, [])
            }
            let hadPart = !state.head.isEmpty || state.isDiscarding
            let arrival = connection.inspect(&state, buffer: buffer)
            switch arrival {
            case .head, .management:
                state.phase = .serving
                defer { state.head = [] }
                return (arrival, state.head)
            case .partOfHead where !hadPart, .tooLong:
                state.deadline = .now + listener.limits.headTimeout
                state.idleSince = nil
            default:
                break
            }
            // Re-arm after part of a head: the peer may have hung up in the same edge, and then no further edge comes.
            let isToArm = arrival == .partOfHead || state.isDiscarding || !state.isWatched
            if isToArm, !listener.arm(connection, &state) { return (.end, []) }
            return (arrival, [])
        }
        switch arrival {
        case .head(let length):
            listener.dispatch(connection, head: Array(bytes[..<length]), rest: bytes[length...])
        case .management:
            let answers = ManagementRecord.answers(to: bytes)
            send(connection.descriptor, answers, answers.count, CInt(MSG_DONTWAIT))
            listener.close(connection)
        case .tooLong(let requestID):
            // Closed only when the web server closes, or in time: unread bytes would reset the connection and lose the response (unix(7)).
            let response = RequestHead.records(of: listener.longHeadResponse(), requestID: requestID)
            let isSent = send(connection.descriptor, response, response.count, CInt(MSG_DONTWAIT)) == response.count
            if isSent { shutdown(connection.descriptor, CInt(SHUT_WR)) } else { listener.close(connection) }
        case .end:
            listener.close(connection)
        case .hangUp:
            connection.state.withLock(\.task)?.cancel()
        case .refused(let reason):
            listener.refused(reason)
            listener.close(connection)
        case .nothing, .partOfHead:
            break
        }
    }

    /// Closes the connections that no task serves and for which `isOver` is true.
    private func sweep(_ isOver: (Connection.State, Connection) -> Bool) {
        for connection in listener.connections.withLock({ Array($0.values) }) {
            if connection.state.withLock({ $0.phase == .reading && isOver($0, connection) }) { listener.close(connection) }
        }
    }

    /// Wakes the tasks whose deadline has passed.
    private func endWaits(at time: ContinuousClock.Instant) {
        for connection in listener.connections.withLock({ Array($0.values) }) {
            connection.state.withLock { state in
                if state.deadline <= time { connection.resumeReader(&state) }
                if let deadline = state.writer?.deadline, deadline <= time { connection.resumeWriter(&state) }
            }
        }
    }

    /// Closes idle connections if others wait to be accepted. A web server may keep as many as there is room for: nginx opens a
    /// connection for each request that finds none idle, and does not move the request to one that becomes idle.
    private func makeRoom() {
        guard listener.socket.hasWaitingConnection else { return }
        let limit = ContinuousClock.now - Self.shortage
        // Not silent: a request has just arrived on it and would be lost.
        sweep { state, connection in state.idleSince.map { $0 <= limit } ?? false && connection.isSilent }
    }

    /// Closes the connections that have nothing more to serve, and waits a moment for the others. False if there are none.
    private func endsRequests(since start: ContinuousClock.Instant, _ events: inout [epoll_event]) -> Bool {
        // The web server may be sending a request on a connection, which would be lost. One that is busy soon uses each of them, however
        // long they were idle: those that it used most are closed after their last response.
        let limit = ContinuousClock.now - listener.drainSilence
        sweep { state, connection in
            state.deadline <= .now || state.head.isEmpty && max(start, state.idleSince ?? start) <= limit && connection.isSilent
        }
        endWaits(at: .now)
        if listener.connections.withLock(\.isEmpty) { return false }
        let count = epoll_wait(listener.epoll, &events, CInt(events.count), CInt(Self.shortage / .milliseconds(1)))
        for event in events.prefix(Int(max(0, count))) { look(at: event) }
        return true
    }

    private func drain(_ events: inout [epoll_event]) {
        // If a sibling process holds the same socket, closing it does not remove it from epoll (epoll(7)).
        if isAccepting { _ = listener.control(EPOLL_CTL_DEL, listener.socket.descriptor) }
        listener.socket.close()
        let start = ContinuousClock.now
        while let deadline = listener.stopping, ContinuousClock.now < deadline {
            guard endsRequests(since: start, &events) else { return }
        }
        let unfinished = listener.connections.withLock { Array($0.values) }
        listener.cut.store(unfinished.count, ordering: .relaxed)
        for connection in unfinished {
            connection.state.withLock(\.task)?.cancel()
            connection.state.withLock { connection.resumeReader(&$0) }
        }
        let deadline = ContinuousClock.now + Self.cut
        while ContinuousClock.now < deadline {
            guard endsRequests(since: start, &events) else { return }
        }
        // The loop has ended, so nothing else would wake these tasks.
        for connection in listener.connections.withLock({ Array($0.values) }) {
            connection.state.withLock { state in
                guard state.reader != nil || state.writer != nil else { return }
                connection.shutDown()
                connection.resumeReader(&state)
                connection.resumeWriter(&state)
            }
        }
    }
}
