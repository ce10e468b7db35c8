import ArgumentParser
import Concurrency
import FastCGI
import Glibc

/// An OpenAI-compatible chat API with a memory, for hosts that have only a web server.
@main
struct Nanobot: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "nanobot",
        abstract: "An OpenAI-compatible chat API with a memory, for hosts that have only a web server.",
        discussion: "Started by a web server, it is a FastCGI responder where descriptor 0 listens, else a CGI program.",
        version: "0.1.0",
        subcommands: [
            Serve.self, FastCGIResponder.self, SessionCommands.self, KeyCommands.self, ShowUsage.self, PrintConfiguration.self,
            ClusterCommands.self, DoctorCommand.self,
        ])

    static func main() {
        // If a standard descriptor were closed, a session file would get its number, and messages would be written into that file. open(2)
        // takes the lowest number; writing to a descriptor that is opened here fails.
        var descriptor: CInt
        repeat { descriptor = open("/dev/null", O_RDONLY) } while 0...STDERR_FILENO ~= descriptor
        close(descriptor)
        // A umask that takes a right from the owner (0177) would shut this program out of the directories that it creates.
        let mask = umask(0o077)
        umask(mask & ~0o700)
        // If a file reaches its size limit (RLIMIT_FSIZE), the write must fail with EFBIG, not end this process.
        signal(SIGXFSZ, SIG_IGN)
        CrashReport.install()
        // Over CGI the arguments come from the client: a query string without "=" becomes arguments (RFC 3875, section 4.4).
        guard CGIProgram.isStarted else { return main(nil) }
        if ListeningSocket.isListening(0) { main([FastCGIResponder._commandName]) } else { CGIProgram.run() }
    }

    func run() throws {
        guard ListeningSocket.isListening(0) else { throw CleanExit.helpRequest(self) }
        try FastCGIResponder.parse([]).run()
    }
}

/// An error in one sentence that says what to do. The exit status is not 0.
struct Failure: Error, CustomStringConvertible {
    let description: String
}

extension ParsableCommand {
    /// Runs `body` and reports an error in one sentence, without the usage text that wrong arguments get.
    func reportingErrors(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as ExitCode {
            throw error
        } catch {
            Terminal.say("nanobot: \(error)")
            throw ExitCode.failure
        }
    }
}
