import FoundationEssentials
import Glibc

/// A web server that runs in front of the responder, with a configuration written for it.
struct WebServer {
    /// The web servers that `nanobot serve` can start, in the order in which they are looked for.
    enum Kind: String, CaseIterable {
        case nginx
        case lighttpd

        /// The signal that lets it finish what is in flight: nginx(8); lighttpd(8).
        var gracefulSignal: CInt { self == .nginx ? SIGQUIT : SIGINT }

        func arguments(configuration path: String) -> [String] {
            switch self {
            case .nginx: ["-e", "stderr", "-c", path]
            case .lighttpd: ["-D", "-f", path]
            }
        }
    }

    let kind: Kind
    private let program: String
    private var processID: pid_t = 0

    /// Finds a web server: the one that is asked for, or the first that is installed.
    init(_ wanted: Kind?) throws {
        for kind in wanted.map({ [$0] }) ?? Kind.allCases {
            if let program = Self.find(kind.rawValue) {
                (self.kind, self.program) = (kind, program)
                return
            }
        }
        let names = wanted?.rawValue ?? Kind.allCases.map(\.rawValue).joined(separator: " or ")
        throw Failure(
            description: "No web server was found. Install \(names), for instance: apt-get install \(wanted?.rawValue ?? "nginx-light").")
    }

    /// Starts it. It gets a process group of its own, so that Ctrl-C reaches this process alone and requests in flight can end,
    /// and SIGTERM when this process dies, however it does.
    mutating func start(configuration path: String) throws {
        // util-linux; the setting survives exec (prctl(2), PR_SET_PDEATHSIG).
        guard let setpriv = Self.find("setpriv") else {
            throw Failure(description: "The program setpriv is missing. Install it: apt-get install util-linux.")
        }
        let arguments = [setpriv, "--pdeathsig", "TERM", program] + kind.arguments(configuration: path)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var argv = arguments.map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        let status = posix_spawn(&processID, setpriv, nil, &attributes, &argv, environ)
        guard status == 0 else { throw Failure(description: "\(program) cannot be started: \(String(cString: strerror(status))).") }
    }

    /// Whether it has ended. Reaps it then.
    func hasEnded() -> Bool { waitpid(processID, nil, WNOHANG) == processID }

    /// Asks it to finish what is in flight and waits for that, bounded.
    func stop(patience: Duration) {
        kill(processID, kind.gracefulSignal)
        let deadline = ContinuousClock.now + patience
        while !hasEnded() {
            if ContinuousClock.now > deadline { kill(processID, SIGTERM) }
            usleep(5_000)
        }
    }

    /// Looks a program up on PATH, and where Debian has servers, which is not on every user's PATH.
    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
