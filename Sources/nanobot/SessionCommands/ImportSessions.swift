import ArgumentParser
import Glibc
import JSON
import Sessions
import SystemPackage
import Text

struct ImportSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Import sessions from files; existing sessions are left as they are.",
        discussion: """
            Reads json and jsonl as export writes them, {"messages": [...]} as in OpenAI-style APIs, and the session files of \
            HKUDS/nanobot. Prints the result for each file; the exit status is 1 if one could not be read or stored.
            """)

    @Argument(help: ArgumentHelp("Files.", valueName: "file"))
    var files: [String]

    @Option(help: "The session's key, if the file does not name it.")
    var key: SessionKey?

    @Flag(help: "Add the turns that an existing session does not have, each at its place by time.")
    var merge = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard key == nil || files.count == 1 else { throw ValidationError("--key goes with one file.") }
    }

    func run() throws {
        try withStore(options) { [files, key, merge] store in
            var isFailed = false
            for (index, file) in files.enumerated() {
                Terminal.progress("\(index) of \(quantity(files.count, "file"))")
                let outcome: String
                do {
                    outcome = try await Self.take(file, key: key, merges: merge, into: store)
                } catch {
                    outcome = "failed: \(error)"
                    isFailed = true
                }
                try Terminal.putLine("\(file): \(outcome)")
            }
            if isFailed { throw ExitCode.failure }
        }
    }

    /// Imports a file, and says what the result was.
    private static func take(_ file: String, key: SessionKey?, merges: Bool, into store: SessionStore) async throws -> String {
        let path = FilePath(file)
        let session = try ImportedSession(try contents(path), name: path.lastComponent?.string ?? "", key: key)
        let omissions = session.omissions
        let omitted = [(omissions.instructions, "system message"), (omissions.media, "part")]
            .filter { $0.0 > 0 }.map { "; left out: \(quantity($0.0, $0.1))" }.joined()
        switch try await store.importSession(session, merges: merges) {
        case .imported(let turns): return "imported \(quantity(turns, "turn")) as \(session.key)\(omitted)"
        case .merged(let turns): return "added \(quantity(turns, "turn")) to \(session.key)\(omitted)"
        case .exists: return "skipped: there is a session \(session.key) already; --merge adds what it does not have"
        }
    }

    /// In bytes: the whole file is held in memory.
    private static let longestFile = 2 << 30

    private static func contents(_ path: FilePath) throws -> [UInt8] {
        let file = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        defer { try? file.close() }
        let tooLong = Failure(description: "it is longer than \(longestFile) bytes")
        // A pipe has no size.
        var status = stat()
        guard fstat(file.rawValue, &status) != 0 || status.st_size <= longestFile else { throw tooLong }
        var bytes: [UInt8] = []
        while true {
            let piece = try [UInt8](unsafeUninitializedCapacity: 1 << 20) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard !piece.isEmpty else { return bytes }
            guard bytes.count + piece.count <= longestFile else { throw tooLong }
            bytes += piece
        }
    }
}
