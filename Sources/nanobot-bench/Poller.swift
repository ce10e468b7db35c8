import CLinux
import Glibc

/// Waits for any of many descriptors to become readable (epoll(7)).
struct Poller: ~Copyable {
    private let descriptor = epoll_create1(CInt(EPOLL_CLOEXEC))
    private var events = [epoll_event](repeating: epoll_event(), count: 512)

    deinit { close(descriptor) }

    /// Watches a descriptor until it is closed.
    func watch(_ watched: CInt) throws {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(fd: watched))
        guard epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event) == 0 else {
            throw Failure(description: "A descriptor cannot be watched: \(String(cString: strerror(errno))).")
        }
    }

    /// The descriptors that are readable or at their end. Waits for one until `deadline`, or forever if nil.
    mutating func wait(until deadline: ContinuousClock.Instant?) -> [CInt] {
        // Rounded up: otherwise the last part of a millisecond is a busy loop.
        let milliseconds = deadline.map { max(0, (ContinuousClock.now.duration(to: $0) / .milliseconds(1)).rounded(.up)) }
        let count = epoll_wait(descriptor, &events, CInt(events.count), milliseconds.map { CInt(min($0, 60_000)) } ?? -1)
        return events.prefix(Int(max(0, count))).map { $0.data.fd }
    }
}
