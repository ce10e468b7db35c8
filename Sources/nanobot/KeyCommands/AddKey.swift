import Access
import ArgumentParser
import FoundationEssentials
import JSON
import Text

struct AddKey: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Make a key, and print its secret: this once.")

    @Option(help: "A name that no other key has, for lists and logs.")
    var name: String

    @OptionGroup var changes: KeyChanges

    @OptionGroup var options: KeyOptions

    func validate() throws {
        guard APIKey.isName(name) else { throw ValidationError("--name \(APIKey.nameExpectation).") }
        guard !changes.scope.isEmpty else {
            throw ValidationError("--scope says which sessions: such as wx:, or * for all.")
        }
    }

    func run() throws {
        try reportingErrors {
            var key = APIKey(
                name: name, scopes: changes.scope, permissions: [.chat, .read, .list, .export, .write], created: Date())
            let secret = key.rotate(grace: 0, now: Date())
            changes.apply(to: &key)
            let file = try options.file()
            try file.change { [key] ring throws(KeyFileError) in
                try ring.add(key)
                try options.showSecret(secret, of: key, "Use it as: Authorization: Bearer \(secret)\nIts digest is in \(file.path)")
            }
        }
    }
}

struct RotateKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate", abstract: "Give a key another secret, and print it: this once.")

    @Argument(help: "The key's name or id.")
    var key: String

    @Option(help: ArgumentHelp("How long the secrets before still work, such as 24h.", valueName: "time"), transform: KeyText.duration)
    var grace = 0

    @OptionGroup var options: KeyOptions

    func run() throws {
        try reportingErrors {
            let now = Date()
            let end = now.addingTimeInterval(Double(grace)).ISO8601Format()
            let rest = grace > 0 ? "The secret before works until \(end)" : "The secret before works no more"
            try options.file().change { ring throws(KeyFileError) in
                var secret = ""
                let rotated = try ring.change(key) { secret = $0.rotate(grace: Double(grace), now: now) }
                try options.showSecret(secret, of: rotated, rest)
            }
        }
    }
}

extension KeyOptions {
    /// Shows a new secret, before it is stored: what nobody saw must not be in force.
    fileprivate func showSecret(_ secret: String, of key: APIKey, _ rest: String) throws(KeyFileError) {
        do {
            try show(key.members + [("secret", .string(secret))]) { "\(secret)\n\(rest)\n" }
        } catch {
            throw KeyFileError("The secret could not be shown, so nothing was changed: \(error)")
        }
    }
}
