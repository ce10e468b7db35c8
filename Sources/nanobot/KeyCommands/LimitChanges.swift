import Access
import ArgumentParser
import Text

/// The limits of a key, as options of `add` and `set`. An option that is not given changes nothing.
struct LimitChanges: ParsableArguments {
    @Option(help: ArgumentHelp("Requests a minute, or none for no limit; 0 lets nothing through.", valueName: "number"))
    var rpm: Limit<Int>?

    @Option(help: ArgumentHelp("Tokens a minute.", valueName: "number"))
    var tpm: Limit<Int>?

    @Option(help: ArgumentHelp("Tokens a day (UTC).", valueName: "number"))
    var tokensPerDay: Limit<Int>?

    @Option(help: ArgumentHelp("What its turns may cost in a month (UTC), by the models' prices.", valueName: "amount"))
    var budgetPerMonth: Limit<Double>?

    @Option(help: ArgumentHelp("Chats at once: at most \(KeyLimits.parallelRange.upperBound).", valueName: "number"))
    var parallel: Limit<Int>?

    func validate() throws {
        guard [rpm, tpm, tokensPerDay].allSatisfy({ ($0?.value ?? 0) >= 0 }) else {
            throw ValidationError("A limit is a whole number from 0, or none.")
        }
        guard KeyLimits.parallelRange.contains(parallel?.value ?? 0) else {
            throw ValidationError("--parallel is at most \(KeyLimits.parallelRange.upperBound).")
        }
        guard KeyLimits.budgetRange.contains(budgetPerMonth?.value ?? 0) else {
            throw ValidationError("--budget-per-month is a number from 0, or none.")
        }
    }

    func apply(to limits: inout KeyLimits) {
        if let rpm { limits.rpm = rpm.value }
        if let tpm { limits.tpm = tpm.value }
        if let tokensPerDay { limits.tokensPerDay = tokensPerDay.value }
        if let budgetPerMonth { limits.budgetPerMonth = budgetPerMonth.value }
        if let parallel { limits.parallel = parallel.value }
    }
}

/// A number, or none.
struct Limit<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument {
    var value: Number?

    init?(argument: String) {
        if argument == "none" { return }
        guard let value = Number(argument) else { return nil }
        self.value = value
    }
}
