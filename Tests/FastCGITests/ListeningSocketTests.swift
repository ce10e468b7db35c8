import FoundationEssentials
import Glibc
import Harness
import Testing

@testable import FastCGI

@Suite("ListeningSocket")
struct ListeningSocketTests {
    private func expectRefusal(of path: String, saying text: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: FastCGIError.self, sourceLocation: sourceLocation) { try ListeningSocket(unixPath: path) }
        #expect(error?.code == .listen, sourceLocation: sourceLocation)
        #expect(error?.description.contains(text) == true, "\(error?.description ?? "")", sourceLocation: sourceLocation)
    }

    @Test("only its owner may use a Unix socket, whatever the umask, and its file is removed at the end")
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

    @Test("a socket file that has replaced the listener's own is not removed")
    func replaced() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        let first = try ListeningSocket(unixPath: path)
        unlink(path)
        let second = try ListeningSocket(unixPath: path)
        first.close()
        _ = try FastCGIClient(path: path)
        second.close()
        #expect(!FileManager.default.fileExists(atPath: path))
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

    @Test("a file that is not a socket is never replaced", arguments: [S_IFREG, S_IFDIR, S_IFLNK, S_IFIFO])
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

    @Test("a path that is too long, empty or in no directory is refused")
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
        let path = directory.file("file")
        try Data().write(to: URL(filePath: path))
        let before = try Census.take(path: path, threadName: "").looseSockets
        for _ in 0..<1000 { _ = try? ListeningSocket(unixPath: path) }
        // Other tests have some, too, each for a moment.
        #expect(try Census.take(path: path, threadName: "").looseSockets < before + 500)
    }

    @Test("only a listening socket is taken over")
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
        // accept(2) must not block the listener if the client has already left.
        #expect(fcntl(inherited.descriptor, F_GETFL) & O_NONBLOCK != 0)
        inherited.close()
        // The process that made the socket removes its file.
        #expect(FileManager.default.fileExists(atPath: directory.file("socket")))
    }

    @Test(
        "addresses beyond this machine are refused",
        arguments: ["0.0.0.0", "192.168.0.1", "128.0.0.1"])
    func address(host: String) throws {
        let error = #expect(throws: FastCGIError.self) { try ListeningSocket(ipv4: host, port: 0) }
        #expect(error?.description.contains("not a loopback address") == true)
        let own = try PeerAddresses("127.0.0.1,::1")
        #expect(throws: FastCGIError.self) { try ListeningSocket(ipv4: host, port: 0, peers: own) }
    }

    @Test("text that is not an IPv4 address is refused", arguments: ["localhost", "", "::1", "127.0.0.1 "])
    func noAddress(host: String) {
        let error = #expect(throws: FastCGIError.self) { try ListeningSocket(ipv4: host, port: 0) }
        #expect(error?.description.contains("not an IPv4 address") == true)
    }

    @Test("the listener may use any address if the web server's address is named")
    func anyAddress() throws {
        let socket = try ListeningSocket(ipv4: "0.0.0.0", port: 0, peers: try PeerAddresses("10.0.0.7"))
        #expect(ListeningSocket.isListening(socket.descriptor))
        socket.close()
    }

    @Test("text that is not a list of addresses is refused", arguments: ["", ",", "10.0.0.7, web", "10.0.0.0/8", "10.0.0.7;10.0.0.8"])
    func peers(list: String) {
        let error = #expect(throws: FastCGIError.self) { try PeerAddresses(list) }
        #expect(error?.code == .listen)
    }

    @Test(
        "a peer is admitted by its address",
        arguments: [
            (nil, "127.0.0.1", true), (nil, "127.9.9.9", true), ("127.0.0.1", "127.0.0.1", true), ("127.0.0.1", "127.0.0.2", false),
            ("10.0.0.7, 127.0.0.2", "127.0.0.2", true), ("10.0.0.7", "127.0.0.1", false), ("::1", "127.0.0.1", false),
            ("::ffff:127.0.0.1", "127.0.0.1", true),
        ])
    func admits(list: String?, source: String, isAdmitted: Bool) throws {
        let peers = try list.map { try PeerAddresses($0) } ?? .loopback
        let listening = try ListeningSocket(ipv4: "127.0.0.1", port: 0, peers: peers)
        defer { listening.close() }
        var (address, length) = (sockaddr_in(), socklen_t(MemoryLayout<sockaddr_in>.size))
        let client = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        try withUnsafeMutablePointer(to: &address) {
            try $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                try #require(getsockname(listening.descriptor, pointer, &length) == 0)
                var from = sockaddr_in()
                from.sin_family = sa_family_t(AF_INET)
                try #require(inet_pton(AF_INET, source, &from.sin_addr) == 1)
                let bound = withUnsafePointer(to: &from) {
                    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(client, $0, length) }
                }
                try #require(bound == 0 && connect(client, pointer, length) == 0)
            }
        }
        let accepted = accept(listening.descriptor, nil, nil)
        defer { close(accepted) }
        #expect(peers.admits(peerOf: accepted) == isAdmitted)
    }

    @Test("a socket's file gets the requested mode and group", arguments: [0o600, 0o660, 0o666] as [UInt32])
    func ownership(mode: UInt32) throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("socket")
        // A group of this user whose name every Linux has.
        let group = try #require(getgrgid(getegid())).pointee.gr_name.map { String(cString: $0) }
        let socket = try ListeningSocket(unixPath: path, mode: mode, group: group)
        defer { socket.close() }
        var status = stat()
        #expect(lstat(path, &status) == 0 && status.st_mode & 0o7777 == mode && status.st_gid == getegid())
        let error = #expect(throws: FastCGIError.self) { try ListeningSocket(unixPath: directory.file("other"), group: "nobody's") }
        #expect(error?.description == "There is no group \"nobody's\".")
    }

    @Test("the listener accepts any loopback address", arguments: ["127.0.0.1", "127.1.2.3"])
    func loopback(host: String) throws {
        let socket = try ListeningSocket(ipv4: host, port: 0)
        #expect(ListeningSocket.isListening(socket.descriptor))
        socket.close()
    }
}
