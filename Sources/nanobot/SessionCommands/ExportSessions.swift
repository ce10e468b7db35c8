import ArgumentParser
import JSON
package import Sessions
import SystemPackage
import Text

struct ExportSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write sessions out: one to standard output or a directory, or all to a directory.",
        discussion: "Files have the names of the session files, and replace existing ones; only this user can read them. "
            + "The exit status is 1 if a session could not be exported.")

    @Argument(help: "The session's key.")
    var key: SessionKey?

    @Flag(help: "Every session.")
    var all = false

    @Option(help: "json, the session file as it is; jsonl, one turn a line; or markdown, for people.")
    var format = ExportFormat.json

    @Option(
        name: [.short, .customLong("output")], help: ArgumentHelp("A directory; created if it does not exist.", valueName: "directory"))
    var output: String?

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard (key == nil) == all else { throw ValidationError("Give one session's key, or --all.") }
        guard !all || output != nil else { throw ValidationError("--all needs -o and a directory.") }
    }

    func run() throws {
        try withStore(options) { [key, format, output] store in
            guard let output else {
                if let key { try await store.export(key, as: format) { try Terminal.put($0) } }
                return
            }
            let directory = try ExportDirectory(FilePath(output), of: store, as: format)
            if let key { return try await directory.write(key) }
            var (written, failed) = (0, 0)
            try await store.visitKeys { key in
                do {
                    try await directory.write(key)
                    written += 1
                } catch let error as SessionError where error.code == .notFound {
                    // The session was removed meanwhile.
                } catch let error as SessionError {
                    failed += 1
                    Terminal.say("nanobot: \(error)")
                }
                Terminal.progress(quantity(written, "session"))
            }
            Terminal.say("\(quantity(written, "session")) written to \(output)\(failed > 0 ? ", \(failed) not readable" : "")")
            if failed > 0 { throw ExitCode.failure }
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}
