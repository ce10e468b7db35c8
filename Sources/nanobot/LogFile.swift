import Concurrency
import Files
import Glibc
import SystemPackage

/// The file that this process's log is written to. It keeps its descriptor when it is opened anew, so that no logger need know of that.
enum LogFile {
    private static let opened = Mutex<(path: FilePath, file: OpenFile)?>(nil)

    /// A class, because a lock cannot hold what cannot be copied.
    private final class OpenFile: Sendable {
        let file: File

        init(_ path: FilePath) throws(Errno) {
            let system = UninterruptedFileSystem(HostFileSystem())
            // A file that the administrator's command creates must be the service's, too.
            if try system.statusIfThere(path) == nil { _ = try? File.create(path, in: system) }
            // A link may lead to a file that was moved away.
            file = try File(path, O_WRONLY | O_APPEND | O_CREAT, in: system)
        }
    }

    static var isOpen: Bool { opened.withLock { $0.map { _ in true } ?? false } }

    /// Opens the file, and creates it if it does not exist, for this user alone. Whatever was open before is replaced.
    ///
    /// - Returns: the descriptor.
    static func open(_ path: FilePath) throws -> CInt {
        do throws(Errno) {
            let next = try OpenFile(path)
            return try opened.withLock { opened throws(Errno) in
                guard let current = opened?.file else {
                    opened = (path, next)
                    return next.file.descriptor
                }
                opened?.path = path
                // A line that another thread writes meanwhile goes to the one or to the other.
                guard dup2(next.file.descriptor, current.file.descriptor) >= 0 else { throw Errno(rawValue: errno) }
                _ = fcntl(current.file.descriptor, F_SETFD, FD_CLOEXEC)
                return current.file.descriptor
            }
        } catch {
            throw Failure(description: "The log cannot be written to \(path): \(error). Choose another file with log.file.")
        }
    }

    /// Opens the file anew under its name, as after the old one was moved away. Does nothing if there is none.
    static func reopen() throws {
        if let path = opened.withLock({ $0?.path }) { _ = try open(path) }
    }
}
