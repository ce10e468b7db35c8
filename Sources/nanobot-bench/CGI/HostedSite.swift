import FoundationEssentials
import Glibc
import Harness

/// A folder of programs, and the web servers that run them or connect to the responder.
struct HostedSite {
    enum CGIProgram: String, CaseIterable {
        case nanobot
        case c = "C"
        case python = "python3 -S"

        var file: String { self == .python ? "python.cgi" : self == .c ? "c.cgi" : "nanobot.cgi" }
    }

    enum Server: String {
        case nginx
        case lighttpd
        case fcgid = "Apache, mod_fcgid"
        case lighttpdCGI

        static let fastCGI: [Server] = [.nginx, .lighttpd, .fcgid]
    }

    let port: Int
    /// How many processes mod_fcgid may start. It gives each one request at a time; further requests wait for a second or more.
    let connections: Int
    let workspace: Workspace
    private let programs: Programs
    private let nginx: WebServer
    private var folder: String { "\(workspace.runtime)/site" }

    init(programs: Programs, workspace: Workspace, connections: Int) throws {
        (self.programs, self.workspace, self.connections) = (programs, workspace, connections)
        nginx = try WebServer(workspace: workspace)
        port = nginx.port
        let files = FileManager.default
        try files.createDirectory(atPath: folder, withIntermediateDirectories: false)
        try workspace.write(Self.script, to: "site/\(CGIProgram.python.file)")
        chmod("\(folder)/\(CGIProgram.python.file)", 0o755)
        for (name, program) in [
            (CGIProgram.nanobot.file, programs.nanobot), ("nanobot.fcgi", programs.nanobot),
            (CGIProgram.c.file, programs.cgiReference),
        ] {
            try files.createSymbolicLink(atPath: "\(folder)/\(name)", withDestinationPath: program)
        }
        // Apache runs the programs as nobody if root starts it.
        if geteuid() == 0 {
            for path in [workspace.runtime, workspace.data] { chmod(path, 0o711) }
        }
    }

    /// Measures one load on nanobot over FastCGI.
    func measure(_ server: Server, _ work: Case.Work, _ load: LoadGenerator) throws -> LoadGenerator.Outcome {
        try workspace.clear()
        if server == .fcgid {
            if geteuid() == 0 { chown(workspace.data, Self.nobody, Self.nobody) }
            let apache = try start(server)
            let outcome = try load.run(work, port: port, prefix: "/nanobot.fcgi")
            apache.stop()
            if geteuid() == 0 { chown(workspace.data, 0, 0) }
            return outcome
        }
        let responder = try programs.start(.nanobot, work)
        try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .milliseconds(1))
        let front = try start(server)
        let outcome = try load.run(work, port: port)
        try responder.requireRunning()
        front.stop()
        responder.stop()
        return outcome
    }

    /// Starts a web server and waits until it listens.
    func start(_ server: Server) throws -> OwnedProcess {
        let child: OwnedProcess
        switch server {
        case .nginx: return try nginx.start(.responder(keepsConnections: true))
        case .lighttpd, .lighttpdCGI:
            let path = try workspace.write(server == .lighttpd ? lighttpd : lighttpdCGI, to: "lighttpd.conf")
            child = try OwnedProcess([try OwnedProcess.find("lighttpd", package: "lighttpd"), "-D", "-f", path])
        case .fcgid:
            let path = try workspace.write(apache, to: "apache.conf")
            child = try OwnedProcess([try OwnedProcess.find("apache2", package: "apache2-bin"), "-D", "FOREGROUND", "-f", path])
        }
        try child.waitUntilListening(on: port, server.rawValue)
        return child
    }
}
