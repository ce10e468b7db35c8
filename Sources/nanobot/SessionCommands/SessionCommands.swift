import ArgumentParser
import Configuration
import Logging
package import Sessions
import SystemPackage

/// `nanobot sessions`: shows and changes stored sessions, also while responders run.
struct SessionCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Show and change stored sessions, also while responders run.",
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
        settings.missingDirectory = .refuse
        return try SessionStore(
            directory: FilePath(try configuration[.dataDirectory]), settings: settings, in: try configuration.fileSystem(),
            logger: Logger(label: "nanobot") { _ in TerminalLogHandler() })
    }
}

extension SessionKey: ExpressibleByArgument {
    /// Nil if the argument breaks the rules for keys.
    package init?(argument: String) {
        guard let key = try? SessionKey(argument) else { return nil }
        self = key
    }
}

extension ParsableCommand {
    /// Opens the store and runs `body` to its end. An error becomes one sentence and exit status 1.
    func withStore(_ options: ConfigurationOptions, _ body: @escaping @Sendable (SessionStore) async throws -> Void) throws {
        try reportingErrors {
            let store = try options.store()
            try runBlocking { try await body(store) }
        }
    }
}
