/// What `nanobot doctor` asks of a responder, through the web server.
enum Probe: Equatable {
    /// What arrived of the request.
    case request
    /// An answer in pieces, each of which waits for the one before it to be acknowledged.
    case stream
    /// An answer after so many seconds.
    case wait(seconds: Int)

    /// Reads what follows the token in a path.
    init?(path: some Sequence<String>) {
        let path = Array(path)
        switch path.first {
        case nil: self = .request
        case "stream" where path.count == 1: self = .stream
        case "wait":
            guard path.count == 2, let seconds = Int(path[1]), 1...600 ~= seconds else { return nil }
            self = .wait(seconds: seconds)
        default: return nil
        }
    }
}
