import CLinux
import Concurrency
import Glibc
import SystemPackage

/// One connection of the web server. Either the listener watches it or a worker serves a request on it, never both.
final class Connection: Sendable {
    enum Phase {
        /// The listener waits for a request's head.
        case reading
        /// A worker owns the descriptor.
        case serving
        case closed
    }

    struct State {
        var phase = Phase.reading
        /// When the listener gives up waiting, and whoever waits for more of a body.
        var deadline: ContinuousClock.Instant
        /// Since when a kept connection waits for its next request; nil where none is kept, or something of a head is there.
        var idleSince: ContinuousClock.Instant?
        /// Whether epoll knows the descriptor.
        var isWatched = false
        /// Bytes of a head that were taken from the socket.
        var head: [UInt8] = []
        /// Waits, in the phase `serving`, until something arrives or the deadline has passed.
        var reader: CheckedContinuation<Void, Never>?
        /// Waits, in the phase `serving`, until the peer takes more of the response or its own deadline has passed.
        var writer: (continuation: CheckedContinuation<Void, Never>, deadline: ContinuousClock.Instant)?
        /// What serves the request.
        var task: Task<Void, Never>?
        /// Whether the task is to be cancelled when the peer leaves.
        var cancelsOnHangUp = false
    }

    enum Arrival: Equatable {
        case nothing
        case partOfHead
        case head
        case management([UInt8])
        case end
        /// The peer has left the request that is being served.
        case hangUp
        case refused(String)
    }

    let descriptor: CInt
    let state: Mutex<State>

    init(descriptor: CInt, deadline: ContinuousClock.Instant) {
        self.descriptor = descriptor
        state = Mutex(State(deadline: deadline))
    }

    /// Whether the peer has left, or wants the request that is being served to end (FastCGI specification, section 5.4). Only true of a
    /// descriptor that is open: to be asked under the state's lock, in the phase `serving`.
    var isAbandoned: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(EPOLLRDHUP.rawValue), revents: 0)
        if poll(&entry, 1, 0) > 0 { return true }
        var header: (version: UInt8, type: UInt8) = (0, 0)
        return recv(descriptor, &header, 2, CInt(MSG_PEEK | MSG_DONTWAIT)) == 2 && header.type == RequestHead.abortRequest
    }

    /// True if part of a response can be sent without waiting, or if sending would fail at once.
    var isWritable: Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&entry, 1, 0) != 0
    }

    /// Ends the wait of the task that waits to write, if one does.
    func resumeWriter(_ state: inout State) {
        state.writer?.continuation.resume()
        state.writer = nil
    }

    /// Ends the wait of the task that waits to read, if one does.
    func resumeReader(_ state: inout State) {
        state.reader?.resume()
        state.reader = nil
    }

    /// Ends it in both directions, for a worker that serves it: what is sent from now on fails at once.
    func shutDown() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// True if the socket has no unread bytes.
    var isSilent: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) < 0
    }

    /// Looks at what has arrived. What is of a head is taken, up to its end: a peer that writes in small pieces fills a Unix socket's
    /// buffer with their bookkeeping long before the head is whole.
    func inspect(_ state: inout State, buffer: UnsafeMutableRawBufferPointer) -> Arrival {
        let count: Int
        do throws(Errno) {
            count = try systemCall { recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_PEEK | MSG_DONTWAIT)) }
        } catch {
            return error == .wouldBlock ? .nothing : .end
        }
        guard count > 0 else { return .end }
        let arrived = UnsafeRawBufferPointer(rebasing: buffer[..<count])
        let arrival: Arrival
        let taken: Int
        switch state.head.isEmpty ? RequestHead.inspect(arrived) : RequestHead.inspect(state.head + arrived) {
        case .complete(let length):
            (arrival, taken) = (.head, length - state.head.count)
        case .incomplete:
            (arrival, taken) = (.partOfHead, count)
        case .management:
            (arrival, taken) = state.head.isEmpty ? (.management(Array(arrived)), 0) : (.refused("management record in pieces"), 0)
        case .invalid(let reason):
            (arrival, taken) = (.refused(reason), 0)
        }
        // These bytes were just seen, so they are there.
        if taken > 0 { state.head += buffer[..<max(0, recv(descriptor, buffer.baseAddress, taken, CInt(MSG_DONTWAIT)))] }
        return arrival
    }
}
