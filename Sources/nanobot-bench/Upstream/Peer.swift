import ArgumentParser
import Glibc
import Harness
import HeapModule

/// The command that runs the peer, which is nanobot's upstream here.
struct PeerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peer", abstract: "Answer chats the way a model's server does.", shouldDisplay: false)

    @Option(help: "The Unix socket to listen on.")
    var socket: String

    func run() throws {
        Descriptors.raiseLimit()
        guard let listener = SocketAddress.unix(socket).listening() else {
            throw Failure(description: "The peer cannot listen on \(socket).")
        }
        var peer = try Peer(listener: listener)
        try peer.run()
    }
}

/// An OpenAI-compatible server on one thread. It answers `POST /MS/v1/chat/completions` after MS milliseconds; a streamed answer has its
/// first words at once, and the others after that time. The answer to `X` is `Answer to X`. `GET /waiting` returns the number of open chats.
struct Peer: ~Copyable {
    private struct Pending: Comparable {
        var due: ContinuousClock.Instant
        var descriptor: CInt
        var bytes: [UInt8]

        static func < (left: Self, right: Self) -> Bool { left.due < right.due }
        static func == (left: Self, right: Self) -> Bool { left.due == right.due }
    }

    private struct Connection {
        var received: [UInt8] = []
        var isWaiting = false
    }

    private let listener: CInt
    private var poller = Poller()
    private var connections: [CInt: Connection] = [:]
    private var pending = Heap<Pending>()
    private var buffer = [UInt8](repeating: 0, count: 65_536)

    init(listener: CInt) throws {
        self.listener = listener
        try poller.watch(listener)
    }

    /// Answers until the process ends.
    mutating func run() throws {
        while true {
            for descriptor in poller.wait(until: pending.min?.due) {
                if descriptor == listener { try accept() } else { read(descriptor) }
            }
            while let first = pending.min, first.due <= .now {
                pending.removeMin()
                connections[first.descriptor]?.isWaiting = false
                write(first.bytes, to: first.descriptor)
            }
        }
    }

    private mutating func accept() throws {
        let descriptor = Glibc.accept(listener, nil, nil)
        guard descriptor >= 0 else { throw Failure(description: "The peer cannot accept: \(String(cString: strerror(errno))).") }
        connections[descriptor] = Connection()
        try poller.watch(descriptor)
    }

    private mutating func read(_ descriptor: CInt) {
        let count = recv(descriptor, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        guard count > 0 else {
            // A client that left gets no answer: the descriptor's number may be another connection's by then.
            if connections.removeValue(forKey: descriptor)?.isWaiting == true {
                pending = Heap(pending.unordered.filter { $0.descriptor != descriptor })
            }
            close(descriptor)
            return
        }
        connections[descriptor]?.received += buffer[..<count]
        guard let request = (connections[descriptor]?.received).flatMap(PeerRequest.init) else { return }
        connections[descriptor]?.received = []
        switch request {
        case .waiting: write(PeerAnswer.whole(String(pending.count)), to: descriptor)
        case .chat(let question, let delay, let streams):
            if streams { write(PeerAnswer.firstPieces, to: descriptor) }
            let bytes = streams ? PeerAnswer.lastPieces(question) : PeerAnswer.whole(PeerAnswer.completion(question))
            if delay == .zero { return write(bytes, to: descriptor) }
            pending.insert(Pending(due: .now + delay, descriptor: descriptor, bytes: bytes))
            connections[descriptor]?.isWaiting = true
        }
    }

    /// One call is enough: an answer is far smaller than a socket's buffer, which is empty.
    private func write(_ bytes: [UInt8], to descriptor: CInt) { send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL)) }
}
