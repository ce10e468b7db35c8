import FoundationEssentials
import Glibc

/// What this process holds for one responder. Other tests run at the same time, so counts for the whole process would say nothing.
struct Census: Equatable {
    /// Sockets bound to the responder's path: the listening one and one for each connection (accept(2) hands the name down).
    var sockets: Int
    /// Unnamed Unix sockets, such as those from which libfcgi reads a replayed head.
    var looseSockets: Int
    /// Threads with the responder's name: a new thread inherits its creator's name.
    var threads: Int

    static func take(path: String, threadName: String) throws -> Census {
        var census = Census(sockets: 0, looseSockets: 0, threads: 0)
        for descriptor in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap({ CInt($0) }) {
            guard let name = unixName(descriptor, getsockname) else { continue }
            if name == path {
                census.sockets += 1
            } else if name.isEmpty, unixName(descriptor, getpeername) ?? "" == "" {
                census.looseSockets += 1
            }
        }
        for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task") {
            // The thread may have ended meanwhile.
            let name = FileManager.default.contents(atPath: "/proc/self/task/\(task)/comm")
            if name == Data("\(threadName)\n".utf8) { census.threads += 1 }
        }
        return census
    }

    /// Names the calling thread and the threads that it starts.
    static func nameThread(_ name: String) {
        let descriptor = open("/proc/thread-self/comm", O_WRONLY)
        write(descriptor, name, name.utf8.count)
        close(descriptor)
    }

    private static func unixName(
        _ descriptor: CInt, _ call: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
    ) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { call(descriptor, $0, &length) }
        }
        guard status == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        return withUnsafeBytes(of: &address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}
