public import ArgumentParser
import FoundationEssentials
import Glibc
public import Sessions

struct ExportSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write sessions out: one to standard output or a directory, or all to a directory.")

    @Argument(help: "The session's key.")
    var key: SessionKey?

    @Flag(help: "Every session.")
    var all = false

    @Option(help: "json, the session file's own document; jsonl, a turn a line; or markdown, for people.")
    var format = ExportFormat.json

    @Option(name: [.short, .customLong("output")], help: ArgumentHelp("A directory, which is made.", valueName: "directory"))
    var output: String?

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard (key == nil) == all else { throw ValidationError("Give one session's key, or --all.") }
        guard !all || output != nil else { throw ValidationError("--all needs -o and a directory.") }
    }

    func run() throws {
        try withStore(options) { [key, format, output] store in
            guard let output else {
                if let key { try await store.export(key, as: format) { Terminal.put($0) } }
                return
            }
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            if let key { return try await Self.write(key, store, format, to: output) }
            // Named first: an export takes longer than a look at the directory.
            var keys: [SessionKey] = []
            try store.list {
                keys.append($0.key)
                return true
            }
            for (index, key) in keys.enumerated() {
                try await Self.write(key, store, format, to: output)
                Terminal.progress(index + 1, "of \(keys.count) sessions")
            }
            Terminal.say("\(keys.count) sessions were written to \(output)")
        }
    }

    /// Beside its place first: a file that is there is whole.
    private static func write(_ key: SessionKey, _ store: SessionStore, _ format: ExportFormat, to directory: String) async throws {
        let path = "\(directory)/\(key.fileName).\(format == .markdown ? "md" : format.rawValue)"
        let descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        var isWritten = true
        try await store.export(key, as: format) { piece in
            isWritten = isWritten && Glibc.write(descriptor, piece, piece.count) == piece.count
        }
        guard isWritten, rename(path + ".part", path) == 0 else {
            throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno)))")
        }
    }
}

extension ExportFormat: ExpressibleByArgument {}
