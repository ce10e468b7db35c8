import Foundation
import Glibc
import Harness
import TestSupport
import Testing

/// `nanobot serve` and its web server on a free port.
struct Server: Sendable {
    enum Kind: String, CaseIterable, CustomTestStringConvertible {
        case nginx
        case lighttpd

        var testDescription: String { rawValue }
    }

    let port: Int
    let program: Program
    /// Holds the data directory, the home directory and the runtime directories.
    let home: TemporaryDirectory

    /// Where a test finds the data.
    var dataDirectory: String
    /// What stands before the API's paths.
    var mount = ""

    /// A web server that the test started by itself.
    init(port: Int, program: Program, home: TemporaryDirectory) {
        (self.port, self.program, self.home) = (port, program, home)
        dataDirectory = home.path + "/data"
    }

    /// Starts it and waits until it says that it listens.
    init(_ kind: Kind, port: Int? = nil, home: TemporaryDirectory? = nil, environment: [String: String] = [:]) async throws {
        let home = try home ?? TemporaryDirectory()
        self.home = home
        let port = try port ?? Port.reserve()
        self.port = port
        dataDirectory = home.path + "/data"
        program = try Program(
            Nanobot.path, ["serve", "--port", "\(port)", "--data-dir", home.path + "/data", "--web-server", kind.rawValue],
            environment: Nanobot.environment(home).merging(environment) { $1 })
        let program = program
        _ = try await eventually { program.standardOutput.contains(UInt8(ascii: "\n")) || program.hasEnded }
        guard program.standardOutput.contains(UInt8(ascii: "\n")) else {
            program.send(SIGKILL)
            throw Program.DidNotEnd(description: "nanobot does not listen: \(try await program.outcome().standardError)")
        }
    }

    /// Stops it as an operator does, and checks that it ends well.
    func stop(_ signal: CInt = SIGTERM, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        program.send(signal)
        let outcome = try await program.outcome()
        #expect(outcome.status == 0, "\(outcome.standardError)", sourceLocation: sourceLocation)
    }

    /// Runs `body` with a server that is stopped afterwards, whatever happens.
    static func run(
        _ kind: Kind, home: TemporaryDirectory? = nil, environment: [String: String] = [:], _ body: (Server) async throws -> Void
    ) async throws {
        let server = try await Server(kind, home: home, environment: environment)
        do {
            try await body(server)
        } catch {
            try await server.stop()
            throw error
        }
        try await server.stop()
    }
}
