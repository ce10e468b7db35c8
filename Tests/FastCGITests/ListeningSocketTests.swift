import FoundationEssentials
import Glibc
import Testing

@testable import FastCGI

@Suite("ListeningSocket")
struct ListeningSocketTests {
    private func expectRefusal(of path: String, saying text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: FastCGIError.self, sourceLocation: sourceLocation) { try ListeningSocket(unixPath: path) }
        #expect(error?.code == .listen, sourceLocation: sourceLocation)
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation)
    }

    @Test("a Unix socket is its owner's alone, whatever the umask, and is removed at the end")
    func mode() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let socket = try ListeningSocket(unixPath: path)
        var status = stat()
        #expect(lstat(path, &status) == 0)
        #expect(status.st_mode & 0o7777 == 0o600 && status.st_mode & S_IFMT == S_IFSOCK)
        #expect(ListeningSocket.isListening(socket.descriptor))
        socket.close()
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test("a socket file that nobody listens on is replaced")
    func stale() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        close(try ListeningSocket(unixPath: path).descriptor)
        #expect(FileManager.default.fileExists(atPath: path))
        let socket = try ListeningSocket(unixPath: path)
        _ = try FastCGIClient(path: path)
        socket.close()
    }

    @Test("a path that another process listens on is refused and left alone")
    func live() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let socket = try ListeningSocket(unixPath: path)
        expectRefusal(of: path, saying: "Another process listens on \(path)")
        _ = try FastCGIClient(path: path)
        socket.close()
    }

    @Test("what is no socket is never replaced", arguments: [S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO])
    func noSocket(kind: mode_t) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("file")
        switch kind {
        case S_IFREG: try Data("precious".utf8).write(to: URL(filePath: path))
        case S_IFDIR: mkdir(path, 0o700)
        case S_IFLNK: symlink("nowhere", path)
        default: mkfifo(path, 0o600)
        }
        expectRefusal(of: path, saying: "Cannot replace \(path)")
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & S_IFMT == kind)
        if kind == S_IFREG { #expect(FileManager.default.contents(atPath: path) == Data("precious".utf8)) }
    }

    @Test("a path too long or empty, or in no directory, is refused")
    func path() throws {
        let directory = try TemporaryDirectory()
        expectRefusal(of: "", saying: "has 0")
        expectRefusal(of: directory.file(String(repeating: "s", count: 108)), saying: "Choose another path")
        expectRefusal(of: directory.file("none/socket"), saying: "Cannot listen on \(directory.file("none/socket"))")
        let longest = directory.file("") + String(repeating: "s", count: 107 - directory.file("").utf8.count)
        let socket = try ListeningSocket(unixPath: longest)
        _ = try FastCGIClient(path: longest)
        socket.close()
    }

    @Test("a failed attempt leaves no descriptor")
    func descriptors() throws {
        let directory = try TemporaryDirectory()
        let next = dup(0)
        close(next)
        try Data().write(to: URL(filePath: directory.file("file")))
        for _ in 0..<2000 { _ = try? ListeningSocket(unixPath: directory.file("file")) }
        let now = dup(0)
        close(now)
        // Other tests open descriptors meanwhile, but not 1000.
        #expect(now < next + 1000)
    }

    @Test("only a socket that listens is taken over")
    func inherited() throws {
        var ends: [CInt] = [-1, -1]
        #expect(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
        defer { ends.forEach { close($0) } }
        let file = open("/dev/null", O_RDONLY)
        defer { close(file) }
        for descriptor in [ends[0], file, -1, 1_000_000] {
            #expect(!ListeningSocket.isListening(descriptor))
            let error = #expect(throws: FastCGIError.self) { try ListeningSocket(inherited: descriptor) }
            #expect(error?.description.contains("is not a listening socket") == true)
        }
        let directory = try TemporaryDirectory()
        let own = try ListeningSocket(unixPath: directory.file("socket"))
        #expect(fcntl(own.descriptor, F_SETFL, fcntl(own.descriptor, F_GETFL) & ~O_NONBLOCK) == 0)
        let inherited = try ListeningSocket(inherited: own.descriptor)
        // accept(2) must not block the listener when a client has gone again.
        #expect(fcntl(inherited.descriptor, F_GETFL) & O_NONBLOCK != 0)
        inherited.close()
        // The one who made the socket removes its file.
        #expect(FileManager.default.fileExists(atPath: directory.file("socket")))
    }

    @Test(
        "addresses beyond this machine are refused",
        arguments: ["0.0.0.0", "192.168.0.1", "128.0.0.1", "localhost", "", "::1", "127.0.0.1 "])
    func address(host: String) {
        let error = #expect(throws: FastCGIError.self) { try ListeningSocket(ipv4: host, port: 0) }
        #expect(error?.description.contains("not a loopback address") == true)
    }

    @Test("loopback addresses are listened on", arguments: ["127.0.0.1", "127.1.2.3"])
    func loopback(host: String) throws {
        let socket = try ListeningSocket(ipv4: host, port: 0)
        #expect(ListeningSocket.isListening(socket.descriptor))
        socket.close()
    }
}
