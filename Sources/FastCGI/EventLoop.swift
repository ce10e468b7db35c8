import CLinux
import Concurrency
import Glibc
import SystemPackage

/// The listener's thread: everything that waits for a descriptor waits here.
struct EventLoop {
    let listener: Listener
    private var isAccepting = false
    private var acceptsAgain = ContinuousClock.now
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: RequestHead.maximumLength, alignment: 8)

    /// How often deadlines are looked at; and how often it is while no connection is accepted, and how long a shortage of descriptors is
    /// waited out.
    private static let tick = Duration.milliseconds(500)
    private static let shortage = Duration.milliseconds(50)

    init(listener: Listener) {
        self.listener = listener
    }

    /// Serves until the listener is told to stop and its requests have ended, or its patience has.
    consuming func run() {
        defer { buffer.deallocate() }
        _ = listener.control(EPOLL_CTL_ADD, listener.wakeUp, EPOLLIN.rawValue | EPOLLET.rawValue)
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        var nextSweep = ContinuousClock.now + Self.tick
        while listener.stopping == nil {
            acceptIfThereIsRoom()
            let isIdle = isAccepting && listener.connections.withLock(\.isEmpty)
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
        let hasRoom = listener.connections.withLock(\.count) < listener.limits.connections && ContinuousClock.now >= acceptsAgain
        guard hasRoom != isAccepting else { return }
        // Taken out of epoll meanwhile: it would report the waiting connections without end.
        isAccepting = listener.control(hasRoom ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, listener.socket.descriptor, EPOLLIN.rawValue) && hasRoom
    }

    private mutating func accept() {
        for _ in 0..<64 where listener.connections.withLock(\.count) < listener.limits.connections {
            let descriptor: CInt
            do throws(Errno) {
                descriptor = try systemCall { accept4(listener.socket.descriptor, nil, nil, CInt(SOCK_CLOEXEC.rawValue)) }
            } catch {
                if error == .wouldBlock { return }
                if error == .connectionAbort { continue }
                // No descriptors or no memory: those in use are served meanwhile, the new ones wait in the backlog.
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

    /// Reads what has arrived on a connection that nobody serves. On one that is served, it wakes the task that waits for these events, and
    /// checks whether the peer has left.
    private func look(at connection: Connection, events: UInt32) {
        let (arrival, head) = connection.state.withLock { state -> (Connection.Arrival, [UInt8]) in
            guard state.phase == .reading else {
                // Each for its own events: unread bytes would wake the writer again and again.
                if events & ~EPOLLOUT.rawValue != 0 { connection.resumeReader(&state) }
                if events & (EPOLLOUT.rawValue | EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0 { connection.resumeWriter(&state) }
                // Asked again, whatever the event said: it may be older than this connection.
                let isHangUp = state.phase == .serving && state.cancelsOnHangUp && connection.isAbandoned
                return (isHangUp ? .hangUp : .nothing, [])
            }
            let hadPart = !state.head.isEmpty
            let arrival = connection.inspect(&state, buffer: buffer)
            switch arrival {
            case .head, .management:
                state.phase = .serving
                defer { state.head = [] }
                return (arrival, state.head)
            case .partOfHead where !hadPart:
                state.deadline = .now + listener.limits.headTimeout
                state.idleSince = nil
            default:
                break
            }
            // After part of a head, epoll is asked again: the end may have come with it, and then there is no further edge.
            let isToArm = arrival == .partOfHead || !state.isWatched
            if isToArm, !listener.arm(connection, &state) { return (.end, []) }
            return (arrival, [])
        }
        switch arrival {
        case .head:
            listener.dispatch(connection, head: head)
        case .management(let records):
            // Taken before the close, which would otherwise reset the connection under the answer (unix(7)).
            recv(connection.descriptor, buffer.baseAddress, records.count, CInt(MSG_DONTWAIT))
            let answers = ManagementRecord.answers(to: records)
            send(connection.descriptor, answers, answers.count, CInt(MSG_DONTWAIT))
            listener.close(connection)
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

    /// Closes the connections that nobody serves and that `isOver` names.
    private func sweep(_ isOver: (Connection.State, Connection) -> Bool) {
        for connection in listener.connections.withLock({ Array($0.values) }) {
            if connection.state.withLock({ $0.phase == .reading && isOver($0, connection) }) { listener.close(connection) }
        }
    }

    /// Lets the tasks go on whose time to wait for their peer is up.
    private func endWaits(at time: ContinuousClock.Instant) {
        for connection in listener.connections.withLock({ Array($0.values) }) {
            connection.state.withLock { state in
                if state.deadline <= time { connection.resumeReader(&state) }
                if let deadline = state.writer?.deadline, deadline <= time { connection.resumeWriter(&state) }
            }
        }
    }

    /// Closes kept connections that are idle while others wait to be accepted. A web server may keep as many as there is room for: nginx
    /// opens a connection for each request that finds none idle, and does not move the request to one that becomes idle.
    private func makeRoom() {
        guard listener.socket.hasWaitingConnection else { return }
        let limit = ContinuousClock.now - Self.shortage
        // A request that has just arrived on one would be lost.
        sweep { state, connection in state.idleSince.map { $0 <= limit } ?? false && connection.isSilent }
    }

    private func drain(_ events: inout [epoll_event]) {
        // Siblings may hold the same socket, and then its close alone does not take it out of epoll (epoll(7)).
        if isAccepting { _ = listener.control(EPOLL_CTL_DEL, listener.socket.descriptor) }
        listener.socket.close()
        while let deadline = listener.stopping, ContinuousClock.now < deadline {
            sweep { _, _ in true }
            endWaits(at: .now)
            if listener.connections.withLock(\.isEmpty) { return }
            let count = epoll_wait(listener.epoll, &events, CInt(events.count), CInt(Self.shortage / .milliseconds(1)))
            for event in events.prefix(Int(max(0, count))) { look(at: event) }
        }
        // Nobody looks any more.
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
