import ArgumentParser
import FoundationEssentials
import Sessions

struct ImportSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Take sessions in from files; a session that is there already is left as it is.",
        discussion: """
            Reads what export writes as json and jsonl, {"messages": [...]} as OpenAI-style APIs have it, and the session files of \
            HKUDS/nanobot. One line a file says what became of it; the exit status is 1 where one could not be read or stored.
            """)

    @Argument(help: ArgumentHelp("Files.", valueName: "file"))
    var files: [String]

    @Option(help: "The session's key, where the file does not name it.")
    var key: SessionKey?

    @Flag(help: "Add the turns that an existing session does not have yet, each by its time.")
    var merge = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard key == nil || files.count == 1 else { throw ValidationError("--key goes with one file.") }
    }

    func run() throws {
        try withStore(options) { [files, key, merge] store in
            var isFailed = false
            for file in files {
                let outcome: String
                do {
                    outcome = try await Self.take(file, key: key, merges: merge, into: store)
                } catch {
                    outcome = "failed: \(error)"
                    isFailed = true
                }
                Terminal.put(Terminal.printable("\(file): \(outcome)") + "\n")
            }
            if isFailed { throw ExitCode.failure }
        }
    }

    /// Stores what a file holds, and says what became of it.
    private static func take(_ file: String, key: SessionKey?, merges: Bool, into store: SessionStore) async throws -> String {
        guard let contents = FileManager.default.contents(atPath: file) else { throw Failure(description: "it cannot be read") }
        let session = try ImportedSession(Array(contents), name: String(file.split(separator: "/").last ?? ""), key: key)
        let left = session.leftOut
        let leftOut = [(left.instructions, "system messages"), (left.media, "parts that cannot be kept")]
            .filter { $0.0 > 0 }.map { "; \($0.0) \($0.1) were left out" }.joined()
        switch try await store.importSession(session, merges: merges) {
        case .imported(let turns): return "imported \(turns) turns as \(session.key)\(leftOut)"
        case .merged(let turns): return "added \(turns) turns to \(session.key)\(leftOut)"
        case .exists: return "skipped: there is a session \(session.key) already; --merge adds what it does not have"
        }
    }
}
