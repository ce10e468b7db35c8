import Access
import ArgumentParser
import JSON
import Text

struct ListKeys: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the keys.")

    @OptionGroup var options: KeyOptions

    func run() throws {
        try reportingErrors {
            let (keys, use) = (try options.ring().keys, try options.use())
            if options.json {
                for key in keys { try options.show(key, use) }
            } else {
                try Terminal.put(KeyText.heading + keys.map { KeyText.row($0, lastUsed: use.lastDay($0)) }.joined())
            }
        }
    }
}

struct ShowKey: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what a key may do. Its secret is not known.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var options: KeyOptions

    func run() throws {
        try reportingErrors {
            guard let key = try options.ring().key(named: key) else { throw KeyRing.unknown(key) }
            try options.show(key)
        }
    }
}

struct SetKey: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "set", abstract: "Change what a key may do.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var changes: KeyChanges

    @OptionGroup var options: KeyOptions

    func run() throws {
        try reportingErrors {
            try options.expectNotGiven(key)
            try options.change(key) { changes.apply(to: &$0) }
        }
    }
}

struct BlockKey: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "block", abstract: "Refuse a key until it is unblocked.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var options: KeyOptions

    func run() throws { try reportingErrors { try options.block(key, true) } }
}

struct UnblockKey: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "unblock", abstract: "Accept a key again.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var options: KeyOptions

    func run() throws { try reportingErrors { try options.block(key, false) } }
}

struct RevokeKey: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Remove a key for good. Without any key left the API stays closed.")

    @Argument(help: "The key's name or id.")
    var key: String

    @OptionGroup var options: KeyOptions

    func run() throws {
        try reportingErrors {
            try options.expectNotGiven(key)
            let removed = try options.file().change { ring throws(KeyFileError) in try ring.remove(key) }
            try options.show(removed)
            try options.use().forget(removed)
        }
    }
}

extension KeyOptions {
    fileprivate func block(_ name: String, _ isBlocked: Bool) throws {
        try expectNotGiven(name, field: "blocked")
        try change(name) { $0.isBlocked = isBlocked }
    }

    fileprivate func change(_ name: String, _ change: (inout APIKey) -> Void) throws {
        try show(try file().change { ring throws(KeyFileError) in try ring.change(name, change) })
    }
}
