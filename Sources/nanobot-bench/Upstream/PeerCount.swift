import Glibc
import Harness

/// Asks the peer how many chats it has not answered, over a connection of its own.
struct PeerCount: ~Copyable {
    private let descriptor: CInt

    init(socket: String) throws {
        guard let descriptor = SocketAddress.unix(socket).connected(receiveTimeout: .seconds(30)) else {
            throw Failure(description: "The peer takes no connection.")
        }
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    func waiting() throws -> Int {
        let request = HTTPWire.request(path: "/waiting", headers: [], body: [])
        var received = [UInt8](repeating: 0, count: 1024)
        guard send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count,
            case let count = recv(descriptor, &received, received.count, 0), count > 0,
            let number = HTTPWire.body(in: Array(received[..<count])).flatMap({ Int(String(decoding: $0, as: UTF8.self)) })
        else { throw Failure(description: "The peer does not say how many wait.") }
        return number
    }
}
