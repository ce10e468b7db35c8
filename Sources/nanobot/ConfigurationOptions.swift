import ArgumentParser
import FoundationEssentials

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
        var options: [String: String] = [:]
        options["dataDir"] = dataDir
        return try Configuration(options: options, file: config, environment: ProcessInfo.processInfo.environment)
    }
}

/// `nanobot config`: the effective configuration and where each value came from.
struct PrintConfiguration: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print every setting, its value, and where the value came from.")

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try reportingErrors {
            let configuration = try options.configuration()
            for setting in Configuration.settings {
                let source = configuration.values[setting.key]?.source ?? "default"
                print("\(setting.key) = \(configuration.shown(setting))")
                print("    \(setting.meaning); from \(source); environment variable \(setting.environmentVariable)")
            }
        }
    }
}
