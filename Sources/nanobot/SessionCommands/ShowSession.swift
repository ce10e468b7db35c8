import ArgumentParser
import Sessions

struct ShowSession: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what was said in a session.")

    @Argument(help: "The session's key.")
    var key: SessionKey

    @Flag(help: "The session file's own JSON document.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try withStore(options) { [key, format = json ? ExportFormat.json : .markdown] store in
            // In pieces that end where messages do, so that no character is cut in two.
            try await store.export(key, as: format) { piece in
                Terminal.put(format == .json ? piece : Array(Terminal.printable(String(decoding: piece, as: UTF8.self)).utf8))
            }
        }
    }
}
