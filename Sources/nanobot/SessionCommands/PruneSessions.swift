import ArgumentParser
import FoundationEssentials
import Sessions
import Text

struct PruneSessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune", abstract: "Remove sessions that have not been used for a while; those in use stay.")

    @Option(help: ArgumentHelp("For example 90d, 12w or 36h.", valueName: "age"))
    var olderThan: Age

    @Flag(help: "Only print which sessions would be removed.")
    var dryRun = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try reportingErrors {
            var (count, failed) = (0, 0)
            try options.store().prune(
                before: Date().addingTimeInterval(-olderThan.seconds), isDryRun: dryRun,
                onProgress: { Terminal.progress(quantity($0, "session file")) },
                onFailure: { error in
                    failed += 1
                    Terminal.say("nanobot: \(error)")
                },
                onRemoval: { key, lastUse in
                    count += 1
                    try Terminal.put("\(lastUse.ISO8601Format())  \(key)\n")
                })
            Terminal.say("\(quantity(count, "session")) \(dryRun ? "would be removed" : "removed")")
            if failed > 0 { throw ExitCode.failure }
        }
    }
}

/// A duration on the command line: a number and h, d or w.
struct Age: ExpressibleByArgument {
    var seconds: Double

    init?(argument: String) {
        let units: [(String, Double)] = [("h", 3600), ("d", 86_400), ("w", 7 * 86_400)]
        guard let unit = units.first(where: { argument.hasSuffix($0.0) })?.1, let number = Int(argument.dropLast()), 1...100_000 ~= number
        else {
            return nil
        }
        seconds = Double(number) * unit
    }
}
