import Access
import ArgumentParser
import FoundationEssentials
import JSON
import Text

struct AddKey: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "add", abstract: "Make a key, and print its secret: this once.")

    @Option(help: "A name that no other key has, for lists and logs.")
    var name: String

    @Option(
        help: ArgumentHelp(
            "secret, or publishable for the web pages of --origin: each visitor has one session of its own.",
            valueName: "kind"))
    var kind = APIKey.Kind.secret

    @OptionGroup var changes: KeyChanges

    @OptionGroup var options: KeyOptions

    func validate() throws {
        guard APIKey.isName(name) else { throw ValidationError("--name \(APIKey.nameExpectation).") }
        guard kind == .publishable || !changes.scope.isEmpty else {
            throw ValidationError("--scope says which sessions: such as wx:, or * for all.")
        }
        if let problem = key.problem { throw ValidationError("The key \(problem).") }
    }

    /// The key, without a secret.
    private var key: APIKey {
        var key =
            kind == .publishable
            ? APIKey(name: name, publishableFor: [], permissions: APIKey.publishablePermissions, created: Date())
            : APIKey(name: name, scopes: [], permissions: [.chat, .read, .list, .export, .write], created: Date())
        changes.apply(to: &key)
        return key
    }

    func run() throws {
        try reportingErrors {
            var key = key
            let secret = key.rotate(grace: 0, now: Date())
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
            try options.expectNotGiven(key)
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

extension APIKey.Kind: ExpressibleByArgument {}
