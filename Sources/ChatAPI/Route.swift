/// What a path names. Paths work with and without `v1`, with a trailing slash, and under any mount point.
enum Route: Equatable {
    case chatCompletions
    case session
    case sessionExport
    case sessionUndo
    case sessionFork
    case sessions
    case models
    case model(id: String)
    case health
    /// A question of `nanobot doctor`, and the token that goes with it.
    case examination(Probe, token: String)

    /// Finds the route at the end of a path. What stands in front is where the program is mounted, which servers do not always tell.
    init?(path: [String]) {
        for start in path.indices {
            var rest = path[start...]
            if rest.first == "v1" { rest.removeFirst() }
            if let route = Self(exactly: Array(rest)) {
                self = route
                return
            }
        }
        return nil
    }

    private init?(exactly path: [String]) {
        switch path {
        case ["chat", "completions"]: self = .chatCompletions
        case ["session"]: self = .session
        case ["session", "export"]: self = .sessionExport
        case ["session", "undo"]: self = .sessionUndo
        case ["session", "fork"]: self = .sessionFork
        case ["sessions"]: self = .sessions
        case ["models"]: self = .models
        case ["health"]: self = .health
        default:
            // In the path: headers and the query may be what does not arrive.
            if path.count > 1, path[0] == "doctor", let examination = Probe(path: path.dropFirst(2)) {
                self = .examination(examination, token: path[1])
                return
            }
            // An id may contain slashes: "openai/gpt-4o".
            guard path.count > 1, path[0] == "models" else { return nil }
            self = .model(id: path.dropFirst().joined(separator: "/"))
        }
    }

    /// The path, as logs name it: with nothing in it that only the client knows.
    var pattern: String {
        switch self {
        case .chatCompletions: "/v1/chat/completions"
        case .session: "/v1/session"
        case .sessionExport: "/v1/session/export"
        case .sessionUndo: "/v1/session/undo"
        case .sessionFork: "/v1/session/fork"
        case .sessions: "/v1/sessions"
        case .models: "/v1/models"
        case .model: "/v1/models/{id}"
        case .health: "/health"
        case .examination: "/v1/doctor/{token}"
        }
    }

    /// The methods that the route takes.
    var methods: [String] {
        switch self {
        case .chatCompletions, .sessionUndo, .sessionFork: ["POST", "OPTIONS"]
        case .session: ["GET", "HEAD", "DELETE", "OPTIONS"]
        case .sessionExport, .sessions, .models, .model, .health, .examination: ["GET", "HEAD", "OPTIONS"]
        }
    }
}
