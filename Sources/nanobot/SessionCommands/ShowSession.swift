import ArgumentParser
import JSON
import Sessions
import Text

struct ShowSession: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show the messages of a session.")

    @Argument(help: "The session's key.")
    var key: SessionKey

    @Flag(help: "Show the session file as it is, a JSON document.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try withStore(options) { [key, format = json ? ExportFormat.json : .markdown] store in
            try await store.export(key, as: format) { try Terminal.put($0) }
        }
    }
}
