import ArgumentParser
import Sessions
import Text

struct VerifySessions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read every session file to its end; print a line for each damaged one.",
        discussion: "The exit status is 1 if there was damage, repaired or not.")

    @Flag(help: "Repair what can be repaired; what is cut or replaced goes to the quarantine directory.")
    var repair = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try withStore(options) { [repair] store in
            var (files, damaged) = (0, 0)
            try await store.verify(
                repairs: repair,
                onProgress: {
                    files = $0
                    Terminal.progress(quantity($0, "session file"))
                },
                onDamage: { damage in
                    damaged += 1
                    let repair = damage.repair.map { ". \($0)" } ?? ""
                    try Terminal.putLine("\(damage.fileName): \(damage.problem)\(repair)")
                })
            Terminal.say("\(quantity(files, "session file")), \(damaged) damaged")
            if damaged > 0 { throw ExitCode.failure }
        }
    }
}
