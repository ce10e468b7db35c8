import CCurl
import CLinux
import Glibc

/// Waits for libcurl's sockets with epoll, so that a waiting chat costs nothing. (curl_multi_poll(3) and curl_multi_perform(3) look at all
/// transfers whenever one has news.)
///
/// `@unchecked Sendable`: the descriptors are set once and `wake` uses nothing else; only the transfer thread calls everything else.
final class SocketWatch: @unchecked Sendable {
    private let epoll: CInt
    private let wakeUp: CInt
    private var events = [epoll_event](repeating: epoll_event(), count: 256)

    init(_ multi: UnsafeMutableRawPointer) throws(TransferError) {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard epoll >= 0, wakeUp >= 0 else { throw TransferError(.connect, "No descriptor is left") }
        control(EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue)
        // Not retained: the owner of both frees `multi`, which calls back once more, before this object.
        ccurl_multi_set_socket(
            multi,
            { _, socket, what, context, _ in
                if let context { Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().set(socket, what) }
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { for descriptor in [epoll, wakeUp] where descriptor >= 0 { close(descriptor) } }

    /// Ends the present or the next wait. Any thread may call this.
    func wake() { eventfd_write(wakeUp, 1) }

    /// Waits for a socket, until libcurl's next timeout, or for `wake`, and then lets libcurl work.
    ///
    /// Libcurl is asked for the timeout each time. It would tell (CURLMOPT_TIMERFUNCTION), but old ones do not after `ccurl_easy_resume`,
    /// and tell of a timeout only once, though what they say is rounded down.
    func wait(_ multi: UnsafeMutableRawPointer) {
        let milliseconds = ccurl_multi_timeout(multi)
        let count = epoll_wait(epoll, &events, CInt(events.count), CInt(max(-1, min(milliseconds, 60_000))))
        for event in events.prefix(Int(max(0, count))) {
            if event.data.fd == wakeUp {
                var value: eventfd_t = 0
                eventfd_read(wakeUp, &value)
                continue
            }
            let isReadable = event.events & ~EPOLLOUT.rawValue != 0
            let isWritable = event.events & EPOLLOUT.rawValue != 0
            ccurl_multi_socket_action(
                multi, event.data.fd, (isReadable ? CURL_CSELECT_IN : 0) | (isWritable ? CURL_CSELECT_OUT : 0))
        }
        if count <= 0 || milliseconds == 0 { ccurl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0) }
    }

    /// Sets the events that libcurl waits for on a socket: CURLMOPT_SOCKETFUNCTION(3).
    private func set(_ socket: CInt, _ what: CInt) {
        let events = (what & CURL_POLL_IN != 0 ? EPOLLIN.rawValue : 0) | (what & CURL_POLL_OUT != 0 ? EPOLLOUT.rawValue : 0)
        if what == CURL_POLL_REMOVE {
            control(EPOLL_CTL_DEL, socket)
        } else if !control(EPOLL_CTL_MOD, socket, events) {
            control(EPOLL_CTL_ADD, socket, events)
        }
    }

    @discardableResult
    private func control(_ operation: CInt, _ descriptor: CInt, _ events: UInt32 = 0) -> Bool {
        var event = epoll_event(events: events, data: epoll_data_t(fd: descriptor))
        return epoll_ctl(epoll, operation, descriptor, &event) == 0
    }
}
