import Glibc
import Harness

/// Sends chats and waits for all of them on one thread. Each chat in flight has its own connection, which the next one reuses.
struct ChatClient: ~Copyable {
    /// The route to a server.
    enum Route {
        /// Directly to the responder, as a web server does.
        case fastCGI(socket: String)
        case http(SocketAddress, path: String)
    }

    /// The outcome of one chat.
    struct Answer {
        var number: Int
        /// Milliseconds from sending to the end of the answer, and to its first words.
        var whole: Double
        var firstWords: Double
        /// True if the status is 200 and the answer is to this chat's question.
        var isRight: Bool
    }

    private struct Chat {
        var number: Int
        var begin: ContinuousClock.Instant
        var firstWords: Double?
        var received: [UInt8] = []
    }

    private let route: Route
    private let streams: Bool
    private var poller = Poller()
    private var chats: [CInt: Chat] = [:]
    private var idle: [CInt] = []
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    /// - Parameter streams: whether the chats ask for streamed answers.
    init(_ route: Route, streams: Bool = false) {
        (self.route, self.streams) = (route, streams)
    }

    deinit { for descriptor in Array(chats.keys) + idle { close(descriptor) } }

    /// The number of chats without an answer.
    var waiting: Int { chats.count }

    /// Sends one chat.
    ///
    /// - Parameters:
    ///   - number: appears in the question; unique among the chats in flight.
    ///   - session: its session.
    mutating func send(_ number: Int, session: String) throws {
        let begin = ContinuousClock.now
        let descriptor = try idle.popLast() ?? connect()
        let messages = #"[{"role":"user","content":"chat-\#(number)."}]"#
        let request = request(session, Array(#"{"model":"nanobot","stream":\#(streams),"messages":\#(messages)}"#.utf8))
        guard Glibc.send(descriptor, request, request.count, CInt(MSG_NOSIGNAL)) == request.count else {
            throw Failure(description: "A chat was not taken: \(String(cString: strerror(errno))).")
        }
        chats[descriptor] = Chat(number: number, begin: begin)
    }

    /// Waits for answers until a deadline, and returns as soon as there are some.
    mutating func answers(until deadline: ContinuousClock.Instant) -> [Answer] {
        poller.wait(until: deadline).compactMap { read($0) }
    }

    private mutating func connect() throws -> CInt {
        let address: SocketAddress =
            switch route {
            case .fastCGI(let socket): .unix(socket)
            case .http(let address, _): address
            }
        guard let descriptor = address.connected(receiveTimeout: .seconds(30)) else {
            throw Failure(description: "No connection for a chat: \(String(cString: strerror(errno))).")
        }
        try poller.watch(descriptor)
        return descriptor
    }

    private func request(_ session: String, _ body: [UInt8]) -> [UInt8] {
        switch route {
        case .fastCGI:
            [Record].chat(session: session, body: body).bytes
        case .http(_, let path):
            HTTPWire.request(path: path, headers: [("x-session-key", session), ("Content-Type", "application/json")], body: body)
        }
    }

    private mutating func read(_ descriptor: CInt) -> Answer? {
        let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        guard var chat = chats.removeValue(forKey: descriptor) else {
            // The server has closed an idle connection.
            idle.removeAll { $0 == descriptor }
            close(descriptor)
            return nil
        }
        let time = (ContinuousClock.now - chat.begin) / .milliseconds(1)
        chat.received += buffer[..<max(0, count)]
        if chat.firstWords == nil, chat.received[...].lastIndex(after: PeerAnswer.beginning) != nil { chat.firstWords = time }
        let response: ArraySlice<UInt8>?
        switch route {
        case .fastCGI: response = Reply(in: chat.received)?.stdout[...]
        case .http: response = HTTPWire.body(in: chat.received).map { _ in chat.received[...] }
        }
        guard let response else {
            if count > 0 {
                chats[descriptor] = chat
                return nil
            }
            close(descriptor)
            return Answer(number: chat.number, whole: time, firstWords: time, isRight: false)
        }
        idle.append(descriptor)
        let head = if case .fastCGI = route { "Status: 200" } else { "HTTP/1.1 200" }
        let isRight =
            response.starts(with: head.utf8) && response.lastIndex(after: "chat-\(chat.number).\"") != nil
            && (!streams || response.lastIndex(after: "data: [DONE]") != nil)
        return Answer(number: chat.number, whole: time, firstWords: chat.firstWords ?? time, isRight: isRight && chat.firstWords != nil)
    }
}
