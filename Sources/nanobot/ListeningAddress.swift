import Glibc
import Text

/// The address that `serve` listens on. No other machine can reach it while the API is open.
struct ListeningAddress {
    let host: String
    let port: Int
    /// True if only this machine can reach it.
    let isLoopback: Bool
    private let address: sockaddr_in

    /// - Parameter isOpen: true if no request needs an API key.
    init(_ host: String, port: Int, isOpen: Bool) throws {
        self.host = host == "localhost" ? "127.0.0.1" : host
        self.port = port
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        guard inet_pton(AF_INET, self.host, &address.sin_addr) == 1 else {
            throw Failure(description: "\(host) is no IPv4 address: leave --host at the loopback address, 127.0.0.1.")
        }
        isLoopback = UInt32(bigEndian: address.sin_addr.s_addr) >> 24 == 127
        guard !isOpen || isLoopback else {
            throw Failure(
                description: "\(host) is not a loopback address, and without API keys everybody who reaches it can use the API. "
                    + "Make one (nanobot keys add), or leave --host at 127.0.0.1.")
        }
        self.address = address
    }

    /// Returns once the port is free. Waits up to 2 s for a program that was just killed to release it.
    func waitUntilFree() throws {
        let deadline = ContinuousClock.now + .seconds(2)
        while let error = attempt(bind) {
            guard error == EADDRINUSE else {
                throw Failure(description: "Port \(port) cannot be used: \(String(cString: strerror(error))). Choose another with --port.")
            }
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "Port \(port) is in use. Stop the program that listens there, or choose another with --port.")
            }
            usleep(20_000)
        }
    }

    /// True if a GET request for the path gets status 200 within a second.
    func answers(_ path: String) -> Bool {
        var isGood = false
        _ = attempt(connect) { descriptor in
            var limit = timeval(tv_sec: 1, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
            let request = Array("GET \(path) HTTP/1.0\r\n\r\n".utf8)
            var start = [UInt8](repeating: 0, count: "HTTP/1.1 200 ".utf8.count)
            isGood =
                send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count
                && recv(descriptor, &start, start.count, CInt(MSG_WAITALL)) == start.count
                && start.suffix(5).elementsEqual(" 200 ".utf8)
        }
        return isGood
    }

    /// Calls bind(2) or connect(2) on a new socket, and closes it. Returns the error number; nil if the call succeeds.
    ///
    /// - Parameter use: called with the descriptor if the call succeeds.
    private func attempt(_ call: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, use: (CInt) -> Void = { _ in }) -> CInt? {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var reuse: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<CInt>.size))
        let error: CInt? = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0 ? nil : errno
            }
        }
        if error == nil { use(descriptor) }
        return error
    }
}
