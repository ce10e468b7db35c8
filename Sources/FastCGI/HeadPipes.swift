import Concurrency
import Glibc
import SystemPackage

/// Pipes through which libfcgi reads the heads of requests: as many as workers have needed at once.
final class HeadPipes: Sendable {
    struct Pipe {
        let reader: CInt
        let writer: CInt

        func close() {
            Glibc.close(reader)
            Glibc.close(writer)
        }
    }

    private let idle = Mutex<[Pipe]>([])

    deinit { for pipe in idle.withLock(\.self) { pipe.close() } }

    /// An empty, non-blocking pipe; nil if the process is out of descriptors.
    func take() -> Pipe? {
        if let pipe = idle.withLock({ $0.popLast() }) { return pipe }
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        return Pipe(reader: ends[0], writer: ends[1])
    }

    /// Keeps an empty pipe for the next request.
    func giveBack(_ pipe: Pipe) { idle.withLock { $0.append(pipe) } }
}
