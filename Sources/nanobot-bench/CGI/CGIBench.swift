import ArgumentParser
import Glibc

/// CGI compared with programs in C and Python, and FastCGI behind the web servers of shared hosting.
struct CGIBench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cgi",
        abstract:
            "Measure CGI under lighttpd, and FastCGI under nginx, lighttpd and Apache's mod_fcgid. It needs them, wrk, setpriv, and strip.")

    @Option(help: "Seconds per measurement.")
    var seconds = 3

    @Option(help: "How often each measurement is made; medians are reported.")
    var rounds = 5

    @Option(help: "Connections that send requests over FastCGI. Over CGI it is one: what one process takes is measured.")
    var connections = 16

    @OptionGroup var common: CommonOptions

    @Flag(help: "Measure CGI only.")
    var cgiOnly = false

    func validate() throws {
        guard 1...3600 ~= seconds else { throw ValidationError("--seconds is a number from 1 to 3600.") }
        guard 1...1000 ~= rounds else { throw ValidationError("--rounds is a number from 1 to 1000.") }
        guard 1...1000 ~= connections else { throw ValidationError("--connections is a number from 1 to 1000.") }
    }

    func run() throws { try NanobotBench.run(measure) }

    /// Returns false if an answer was an error.
    private func measure() throws -> Bool {
        let workspace = try Workspace(directory: common.directory)
        defer { workspace.remove() }
        let programs = try Programs(nanobot: common.nanobot, workspace: workspace)
        let site = try HostedSite(programs: programs, workspace: workspace, connections: connections)
        print(Machine.description(directory: common.directory))
        print(try size(of: programs.nanobot, workspace))
        let processes = try ProcessComparison.run(
            site, load: LoadGenerator(connections: 1, seconds: seconds, workspace: workspace), rounds: rounds)
        print(processes.table)
        guard !cgiOnly else { return processes.errors == 0 }
        let servers = try ServerComparison.run(
            site, load: LoadGenerator(connections: connections, seconds: seconds, workspace: workspace), rounds: rounds)
        print(servers.table)
        return processes.errors + servers.errors == 0
    }

    /// The size of the program as it is copied to a host.
    private func size(of program: String, _ workspace: Workspace) throws -> String {
        let stripped = "\(workspace.runtime)/stripped"
        _ = try OwnedProcess.run([try OwnedProcess.find("strip", package: "binutils"), "-o", stripped, program])
        var status = stat()
        guard lstat(stripped, &status) == 0 else { throw Failure(description: "\(stripped) is not there.") }
        return "The stripped program has \((Double(status.st_size) / 1e6).rounded(to: 1)) MB.\n"
    }
}
