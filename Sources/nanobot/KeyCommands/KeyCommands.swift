import Access
import ArgumentParser
import Configuration
import JSON
import SystemPackage
import Text

/// `nanobot keys`: shows and changes the API keys, also while responders run.
struct KeyCommands: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys",
        abstract: "Show and change API keys, also while responders run.",
        discussion: """
            As soon as there is a key, the API answers only requests with one. A responder sees a change within a second. \
            KEY is a key's name or its id.
            """,
        subcommands: [
            AddKey.self, ListKeys.self, ShowKey.self, SetKey.self, RotateKey.self, BlockKey.self, UnblockKey.self, RevokeKey.self,
        ])
}

/// The options of every command about keys.
struct KeyOptions: ParsableArguments {
    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var options: ConfigurationOptions

    func file() throws -> KeyFile {
        let configuration = try options.configuration()
        return KeyFile(FilePath(try configuration.keysFile()), in: try configuration.fileSystem())
    }

    /// When the keys were last used.
    func use() throws -> KeyUse {
        let configuration = try options.configuration()
        return KeyUse(dataDirectory: FilePath(try configuration[.dataDirectory]), in: try configuration.fileSystem())
    }

    /// Fails for a key that the configuration gives: the next start would undo what is changed here.
    ///
    /// - Parameter field: what is changed; nil if it is more than one of the fields that a key file has.
    func expectNotGiven(_ key: String, field: String? = nil) throws {
        let configuration = try options.configuration()
        guard
            let given = try configuration[.givenKeys]?.first(where: { given in
                given.name == key || (try? ring().key(named: key)?.name) == given.name
            })
        else { return }
        if let field, !given.says(field) { return }
        throw Failure(
            description:
                "The key \"\(given.name)\" is given in auth.keys (\(configuration.source(of: Key<Never>.givenKeys))). Change it there.")
    }

    /// The keys in the file.
    func ring() throws -> KeyRing { try file().read() ?? KeyRing() }

    func show(_ key: APIKey) throws { try show(key, try use()) }

    func show(_ key: APIKey, _ use: KeyUse) throws {
        let lastUsed = use.lastDay(key)
        try show(key.members + (lastUsed.map { [("lastUsed", .string($0))] } ?? [])) { KeyText.lines(key, lastUsed: lastUsed) }
    }

    /// Prints an object, as JSON or as it is for people.
    func show(_ members: [(String, JSONValue)], text: () -> String) throws {
        if json {
            try Terminal.put(JSONValue.object(members).serialized + "\n".utf8)
        } else {
            try Terminal.put(text())
        }
    }
}

/// What a key may do, as options of `add` and `set`. An option that is not given changes nothing.
struct KeyChanges: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The sessions: a beginning of their keys that ends with a colon, such as wx:, or * for all. May be repeated.",
            valueName: "scope"),
        transform: { text in
            guard let scope = SessionScope(text) else { throw ValidationError("\"\(text)\" \(APIKey.scopeExpectation).") }
            return scope
        })
    var scope: [SessionScope] = []

    @Option(
        help: ArgumentHelp("What the key may do: some of chat,read,list,export,write,admin.", valueName: "routes"),
        transform: { text in
            try KeyText.list(text).map { name in
                guard let permission = Permission(text: name) else {
                    throw ValidationError("\"\(name)\" \(APIKey.permissionExpectation).")
                }
                return permission
            }
        })
    var routes: [Permission]?

    @Option(help: ArgumentHelp("The ids of the models it may use, or all.", valueName: "ids"), transform: KeyText.list)
    var models: [String]?

    @OptionGroup var limits: LimitChanges

    @Option(
        help: ArgumentHelp(
            "A web page whose scripts may use it, such as https://app.example:8443. May be repeated; none for no page.",
            valueName: "origin"),
        transform: { text in
            if text == "none" { return [] }
            guard let origin = Origin(text) else { throw ValidationError("\"\(text)\" \(Origin.expectation).") }
            return [origin]
        })
    var origin: [[Origin]] = []

    @Option(
        help: ArgumentHelp("When it expires: a number of days (90d) or hours (12h), a date (2027-01-31), or never.", valueName: "time"),
        transform: KeyText.expiry)
    var expires: KeyText.Expiry?

    @Option(help: "A text for those who read the list.")
    var note: String?

    func apply(to key: inout APIKey) {
        if !scope.isEmpty { key.scopes = scope }
        if let routes { key.permissions = routes }
        if let models { key.models = models == ["all"] ? nil : models }
        limits.apply(to: &key.limits)
        if !origin.isEmpty { key.origins = origin.flatMap(\.self) }
        if let expires { key.expires = expires.date }
        if let note { key.note = note.isEmpty ? nil : note }
    }
}
