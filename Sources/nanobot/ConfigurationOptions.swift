import ArgumentParser
import Configuration
import FoundationEssentials
import Text

/// The options that every command takes.
struct ConfigurationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config: String?

    @Option(help: ArgumentHelp("Where sessions live (default: $HOME/.nanobot/data).", valueName: "directory"))
    var dataDir: String?

    /// The options as they were given.
    var arguments: [String] {
        [config.map { "--config=\($0)" }, dataDir.map { "--data-dir=\($0)" }].compactMap(\.self)
    }

    func configuration() throws -> Configuration {
        var configuration = try Configuration(file: config, environment: ProcessInfo.processInfo.environment)
        if let dataDir { configuration.setOption(.dataDirectory, dataDir) }
        return configuration
    }
}

/// `nanobot config`: the effective configuration and where each value came from.
struct PrintConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every setting, its value, and where the value came from.")

    @Flag(help: "Print the table of settings, their defaults and meanings for the README instead.")
    var markdown = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try reportingErrors {
            try Terminal.put(markdown ? Configuration.markdown() : try options.configuration().listing())
        }
    }
}
