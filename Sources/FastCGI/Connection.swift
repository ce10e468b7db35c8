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
        /// What has been read from the socket until a head is complete.
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
        /// A whole head, and maybe the beginning of the body after it.
        case head(length: Int)
        case management
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

    /// Reads what has arrived, and classifies it together with what arrived before.
    func inspect(_ state: inout State, buffer: UnsafeMutableRawBufferPointer) -> Arrival {
        let count: Int
        do throws(Errno) {
            count = try systemCall { recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT)) }
        } catch {
            return error == .wouldBlock ? .nothing : .end
        }
        guard count > 0 else { return .end }
        guard !state.isDiscarding else { return .partOfHead }
        let isInPieces = !state.head.isEmpty
        state.head += buffer[..<count]
        switch RequestHead.inspect(state.head) {
        case .complete(let length): return .head(length: length)
        case .incomplete: return .partOfHead
        case .management: return isInPieces ? .refused("management record in pieces") : .management
        case .tooLong(let requestID):
            (state.head, state.isDiscarding) = ([], true)
            return .tooLong(requestID)
        case .invalid(let reason): return .refused(reason)
        }
    }
}
