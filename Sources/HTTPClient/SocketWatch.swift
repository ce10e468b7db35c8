import CCurl
import CLinux
import Glibc

/// The sockets that libcurl waits for: a chat that waits costs nothing. (curl_multi_poll(3) and curl_multi_perform(3) go through all
/// transfers whenever one has news.)
///
/// `@unchecked Sendable`: the descriptors are set once, and `wake` uses no more of it; the transfer thread alone calls all else.
final class SocketWatch: @unchecked Sendable {
    private let epoll: CInt
    private let wakeUp: CInt
    private var events = [epoll_event](repeating: epoll_event(), count: 256)
    /// When libcurl wants to be called, whatever the sockets do.
    private var deadline: ContinuousClock.Instant?

    /// Watches what `multi` waits for.
    init(_ multi: UnsafeMutableRawPointer) throws(TransferError) {
        epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
        wakeUp = eventfd(0, CInt(EFD_CLOEXEC) | CInt(EFD_NONBLOCK))
        guard epoll >= 0, wakeUp >= 0 else { throw TransferError(.connect, "No descriptor is left") }
        control(EPOLL_CTL_ADD, wakeUp, EPOLLIN.rawValue)
        // Not retained: whoever has both frees `multi`, which calls back once more, before this goes.
        ccurl_multi_set_callbacks(
            multi,
            { _, socket, what, context, _ in
                if let context { Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue().set(socket, what) }
                return 0
            },
            { _, milliseconds, context in
                guard let context else { return 0 }
                let watch = Unmanaged<SocketWatch>.fromOpaque(context).takeUnretainedValue()
                watch.deadline = milliseconds < 0 ? nil : .now + .milliseconds(milliseconds)
                return 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { for descriptor in [epoll, wakeUp] where descriptor >= 0 { close(descriptor) } }

    /// Ends a wait, the present or the next one. Any thread may call it.
    func wake() { eventfd_write(wakeUp, 1) }

    /// Waits for a socket, for libcurl's time, or for `wake`, and lets libcurl do what there is to do.
    func wait(_ multi: UnsafeMutableRawPointer) {
        // Rounded up, so that libcurl finds its time come.
        let milliseconds = deadline.map { max(0, (ContinuousClock.now.duration(to: $0) / .milliseconds(1)).rounded(.up)) }
        let count = epoll_wait(epoll, &events, CInt(events.count), milliseconds.map { CInt(min($0, 60_000)) } ?? -1)
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
        guard let deadline, deadline <= .now else { return }
        self.deadline = nil
        ccurl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0)
    }

    /// What libcurl waits for on a socket from now on: CURLMOPT_SOCKETFUNCTION(3).
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
