import CLinux
import Concurrency
import Glibc
import SystemPackage
import Text

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
        /// When the listener, or the task that reads a body, gives up waiting.
        var deadline: ContinuousClock.Instant
        /// When a kept connection became idle; nil if it is not idle or part of a head has arrived.
        var idleSince: ContinuousClock.Instant?
        /// True if epoll watches the descriptor.
        var isWatched = false
        /// The bytes of a head that have been read from the socket.
        var head: [UInt8] = []
        /// True once a head that is too long was answered: whatever else arrives is dropped.
        var isDiscarding = false
        /// In the phase `serving`: waits until bytes arrive or the deadline passes.
        var reader: CheckedContinuation<Void, Never>?
        /// In the phase `serving`: waits until the peer takes more of the response or its own deadline passes.
        var writer: (continuation: CheckedContinuation<Void, Never>, deadline: ContinuousClock.Instant)?
        /// The task that serves the request.
        var task: Task<Void, Never>?
        /// True if the task is cancelled when the peer leaves.
        var cancelsOnHangUp = false
    }

    enum Arrival: Equatable {
        case nothing
        case partOfHead
        case head
        case management([UInt8])
        /// A head that is too long, of a request with this id.
        case tooLong(Int)
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

    /// True if the peer has left or has aborted the request (FastCGI specification, section 5.4). Call it only while the descriptor is
    /// open: under the state's lock, in the phase `serving`.
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

    /// Wakes the task that waits to write, if there is one.
    func resumeWriter(_ state: inout State) {
        state.writer?.continuation.resume()
        state.writer = nil
    }

    /// Wakes the task that waits to read, if there is one.
    func resumeReader(_ state: inout State) {
        state.reader?.resume()
        state.reader = nil
    }

    /// Shuts both directions down under the worker that serves the connection: every later send fails at once.
    func shutDown() { shutdown(descriptor, CInt(SHUT_RDWR)) }

    /// True if the socket has no unread bytes.
    var isSilent: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, CInt(MSG_PEEK | MSG_DONTWAIT)) < 0
    }

    /// Classifies what has arrived, and reads the bytes that belong to a head, up to its end. They cannot stay in the socket: many small
    /// writes fill a Unix socket's buffer with bookkeeping long before the head is complete.
    func inspect(_ state: inout State, buffer: UnsafeMutableRawBufferPointer) -> Arrival {
        let count: Int
        do throws(Errno) {
            count = try systemCall { recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_PEEK | MSG_DONTWAIT)) }
        } catch {
            return error == .wouldBlock ? .nothing : .end
        }
        guard count > 0 else { return .end }
        guard !state.isDiscarding else {
            recv(descriptor, buffer.baseAddress, count, CInt(MSG_DONTWAIT))
            return .partOfHead
        }
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
        case .tooLong(let requestID):
            (arrival, taken) = (.tooLong(requestID), count)
            (state.head, state.isDiscarding) = ([], true)
        case .invalid(let reason):
            (arrival, taken) = (.refused(reason), 0)
        }
        // The peek has just seen these bytes, so they are there.
        if taken > 0 {
            let taken = buffer[..<max(0, recv(descriptor, buffer.baseAddress, taken, CInt(MSG_DONTWAIT)))]
            if !state.isDiscarding { state.head += taken }
        }
        return arrival
    }
}
