import FoundationEssentials
import Glibc
import Text

/// A web server that runs in front of the responder, with a configuration written for it.
struct WebServer {
    /// The web servers that `nanobot serve` can start, in order of preference.
    enum Kind: String, CaseIterable {
        case nginx
        case lighttpd

        /// The signal that lets it finish the requests in flight: nginx(8); lighttpd(8).
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
    private var process: ChildProcess?

    /// Finds the wanted web server, or the first that is installed.
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

    /// Starts the web server. It gets SIGTERM if this process dies, however that happens.
    mutating func start(configuration path: String) throws {
        // util-linux; the setting survives exec (prctl(2), PR_SET_PDEATHSIG).
        guard let setpriv = Self.find("setpriv") else {
            throw Failure(description: "The program setpriv is missing. Install it: apt-get install util-linux.")
        }
        let arguments = [setpriv, "--pdeathsig", "TERM", program] + kind.arguments(configuration: path)
        process = try ChildProcess(setpriv, arguments)
    }

    mutating func hasEnded() -> Bool { process?.hasEnded() ?? false }

    /// Lets the web server finish the requests in flight, for at most `patience`.
    ///
    /// - Parameter meanwhile: called repeatedly while it waits.
    mutating func stop(patience: Duration, meanwhile: () -> Void) {
        let signal = kind.gracefulSignal
        process?.stop(by: signal, patience: patience, meanwhile: meanwhile)
    }

    /// Looks a program up on PATH and in Debian's directories for servers, which are not on every user's PATH.
    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/local/sbin", "/usr/sbin", "/sbin"])
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
