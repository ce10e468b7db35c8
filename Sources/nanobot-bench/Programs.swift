import FoundationEssentials
import Glibc

/// The measured programs and how each is started.
struct Programs {
    /// A measured program.
    enum Program: Hashable {
        case nanobot
        case reference(threads: Int)

        var name: String {
            switch self {
            case .nanobot: "nanobot"
            case .reference(let threads): "C, \(threads) threads"
            }
        }
    }

    let nanobot: String
    private let own: String
    private let reference: String
    /// The C program that runs over CGI.
    let cgiReference: String
    private let workspace: Workspace

    /// - Parameter nanobot: the program's path; the one beside this program if nil.
    init(nanobot: String?, workspace: Workspace) throws {
        own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
        self.nanobot = nanobot ?? "\(directory)/nanobot"
        reference = "\(directory)/fcgi-reference"
        cgiReference = "\(directory)/cgi-reference"
        self.workspace = workspace
        for path in [self.nanobot, reference, cgiReference] where !FileManager.default.isExecutableFile(atPath: path) {
            throw Failure(description: "\(path) is not there. Build it with deploy/bench, or name it with --nanobot.")
        }
    }

    /// Starts a program on the workspace's socket.
    func start(_ program: Program, _ work: Case.Work, isTethered: Bool = true) throws -> OwnedProcess {
        switch program {
        case .nanobot:
            return try startNanobot(isSynchronous: work != .relaxed, isTethered: isTethered)
        case .reference(let threads):
            let file = work == .health ? [] : ["\(workspace.data)/appended"]
            return try OwnedProcess([reference, workspace.socket, String(threads), work.referenceMode] + file, isTethered: isTethered)
        }
    }

    /// Starts nanobot on the workspace's socket and data.
    ///
    /// - Parameter environment: further settings.
    func startNanobot(isSynchronous: Bool, environment: [String: String] = [:], isTethered: Bool = true) throws -> OwnedProcess {
        let settings = ["NANOBOT_DURABILITY": isSynchronous ? "sync" : "relaxed", "NANOBOT_LOG_LEVEL": "warning"]
        return try OwnedProcess(
            [nanobot, "fastcgi", "--socket", "unix:\(workspace.socket)"] + workspace.options,
            environment: settings.merging(environment) { $1 }, isTethered: isTethered)
    }

    /// Starts the upstream, which is this program's `peer` command, and waits until it answers.
    func startPeer() throws -> OwnedProcess {
        unlink(workspace.peerSocket)
        let peer = try OwnedProcess([own, "peer", "--socket", workspace.peerSocket])
        let deadline = ContinuousClock.now + .seconds(10)
        while (try? PeerCount(socket: workspace.peerSocket)) == nil {
            try peer.requireRunning()
            guard ContinuousClock.now < deadline else { throw Failure(description: "The peer does not answer after 10 s.") }
            try Interruption.pause(.milliseconds(5))
        }
        return peer
    }
}
