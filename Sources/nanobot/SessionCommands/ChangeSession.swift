import ArgumentParser
import Chat
import Sessions
import Text

struct DeleteSession: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Remove a session: its key is new afterwards.")

    @Argument(help: "The session's key.")
    var key: SessionKey

    @Flag(help: "Do not ask.")
    var yes = false

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        if !yes {
            guard Terminal.isInput else { throw ValidationError("Without a terminal, confirm the removal with --yes.") }
            Terminal.ask("Remove the session \(key) and all that was said in it? [y/N] ")
            guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
                Terminal.say("Nothing was removed.")
                throw ExitCode.failure
            }
        }
        try withStore(options) { [key] store in try await store.delete(key) }
    }
}

struct UndoTurn: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "undo", abstract: "Take the last turn of a session back, and print it.")

    @Argument(help: "The session's key.")
    var key: SessionKey

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try withStore(options) { [key] store in
            let (turn, turnsLeft) = try await store.undo(key)
            Terminal.say("Took back the last of \(quantity(turnsLeft + 1, "turn")):")
            try Terminal.put(turn.markdown)
        }
    }
}

struct ForkSession: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "fork", abstract: "Copy a session to a new key.")

    @Argument(help: "The session's key.")
    var key: SessionKey

    @Argument(help: "The new key.")
    var new: SessionKey

    @OptionGroup var options: ConfigurationOptions

    func run() throws {
        try withStore(options) { [key, new] store in
            let summary = try await store.fork(key, to: new)
            Terminal.say("\(quantity(summary.turnCount, "turn")) copied")
        }
    }
}
