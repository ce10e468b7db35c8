public import ArgumentParser
import FoundationEssentials
import Glibc
import Locking
public import Sessions
import SystemPackage

/// `nanobot sessions`: what is stored, looked at and changed beside running responders.
struct SessionCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Look at stored sessions, and change them; responders may go on meanwhile.",
        subcommands: [
            ListSessions.self, ShowSession.self, ExportSessions.self, ImportSessions.self, DeleteSession.self, UndoTurn.self,
            ForkSession.self,
            VerifySessions.self, PruneSessions.self,
        ])
}

extension ConfigurationOptions {
    /// The store of an existing data directory.
    func store() throws -> SessionStore {
        let configuration = try configuration()
        var settings = try SessionStore.Settings(configuration)
        settings.createsDirectory = false
        return try SessionStore(directory: FilePath(try configuration.dataDirectory()), settings: settings) {
            Terminal.say("nanobot: \($0)")
        }
    }
}

extension SessionKey: ExpressibleByArgument {
    /// A key as it is typed; nil where it breaks the rules for keys.
    public init?(argument: String) {
        guard let key = try? SessionKey(argument) else { return nil }
        self = key
    }
}

extension ParsableCommand {
    /// Opens the store and runs what may wait to its end; errors are one sentence and the exit status 1.
    func withStore(_ options: ConfigurationOptions, _ body: @escaping @Sendable (SessionStore) async throws -> Void) throws {
        try failing {
            let store = try options.store()
            var ends: [CInt] = [-1, -1]
            guard pipe(&ends) == 0 else { throw Failure(description: "No pipe can be made: \(String(cString: strerror(errno)))") }
            let (reading, writing) = (ends[0], ends[1])
            let failure = Mutex<(any Error)?>(nil)
            // On other threads; this one waits for it in a read, which ends when the other end is closed.
            Task.detached {
                do {
                    try await body(store)
                } catch {
                    failure.withLock { $0 = error }
                }
                close(writing)
            }
            var byte: UInt8 = 0
            while read(reading, &byte, 1) < 0, errno == EINTR {}
            close(reading)
            if let error = failure.withLock({ $0 }) { throw error }
        }
    }
}
