import Access
import ArgumentParser
import Configuration
import FoundationEssentials
import JSON
import Logging
import SystemPackage
import Text

/// `nanobot usage`: what turns used, summed.
struct ShowUsage: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "usage",
        abstract: "Show what turns used, by key, session, day or model.",
        discussion: """
            Turns are recorded in usage/ of the data directory: those with an API key, or as usage.record says. Their cost is known if the \
            model has a price.
            """)

    @Option(
        help: "key, session, day or model.",
        transform: { text in
            guard let grouping = UsageGrouping(text: text) else { throw ValidationError("\"\(text)\" is not key, session, day or model.") }
            return grouping
        })
    var by = UsageGrouping.key

    @Option(help: ArgumentHelp("The first day, such as 2026-11-01; if not given, the first of this month (UTC).", valueName: "day"))
    var since: String?

    @Option(help: ArgumentHelp("The last day; if not given, today (UTC).", valueName: "day"))
    var until: String?

    @Flag(help: "One JSON object a line.")
    var json = false

    @Flag(help: "Comma-separated values with a line of names.")
    var csv = false

    @OptionGroup var options: ConfigurationOptions

    func validate() throws {
        guard !(json && csv) else { throw ValidationError("Give one of --json and --csv.") }
        guard query != nil else { throw ValidationError("--since and --until are days such as 2026-11-27.") }
    }

    private var query: UsageQuery? { UsageQuery(since: since, until: until, by: by, now: Date()) }

    func run() throws {
        guard let query else { return }
        try reportingErrors { try runBlocking { try await show(query) } }
    }

    private func show(_ query: UsageQuery) async throws {
        do {
            let configuration = try options.configuration()
            let log = UsageLog(
                dataDirectory: FilePath(try configuration[.dataDirectory]), in: try configuration.fileSystem(),
                logger: Logger(label: "nanobot") { _ in TerminalLogHandler() })
            let rows = try await log.rows(query)
            if json {
                for row in rows { try Terminal.put(JSONValue.object(members(row)).serialized + "\n".utf8) }
            } else if csv {
                try Terminal.put(Self.line([by.rawValue] + Self.names))
                for row in rows { try Terminal.put(Self.line([Self.inert(row.name ?? "")] + Self.numbers(row.amount))) }
            } else {
                // Without the file, or its reader's right to it, the ids have to do.
                let keys = by == .key ? (try? KeyFile(FilePath(try configuration.keysFile())).read()) : nil
                try Terminal.put(Self.row(Self.headings, by.rawValue.uppercased()))
                for row in rows {
                    let name = row.name.map { keys?.key(named: $0)?.name ?? $0 } ?? "(no key)"
                    try Terminal.put(Self.row(Self.numbers(row.amount), name.printable(keepsLines: false)))
                }
            }
        } catch UsageError.tooManySessions {
            throw Failure(description: "These are more than \(UsageError.maximumSessions) sessions: ask for fewer days.")
        } catch UsageError.unreadable(let reason) {
            throw Failure(description: "Usage cannot be read: \(reason)")
        }
    }

    private func members(_ row: UsageRow) -> [(String, JSONValue)] {
        [(by.rawValue, .optional(row.name)), ("requests", .integer(row.amount.requests))] + row.amount.members
    }

    private static let names = ["requests", "prompt_tokens", "completion_tokens", "total_tokens", "cost"]
    private static let headings = ["REQUESTS", "PROMPT", "COMPLETION", "TOTAL", "COST"]

    private static func numbers(_ amount: UsageAmount) -> [String] {
        let members = [("requests", JSONValue.integer(amount.requests))] + amount.members
        return names.map { name in
            members.first { $0.0 == name }.map { String(decoding: $0.1.serialized, as: UTF8.self) } ?? ""
        }
    }

    private static func row(_ numbers: [String], _ name: String) -> String {
        numbers.map { String(repeating: " ", count: max(0, 11 - $0.utf8.count)) + $0 + "  " }.joined() + "\(name)\n"
    }

    /// A text that no spreadsheet takes for a formula: clients choose the names of sessions.
    private static func inert(_ name: String) -> String {
        ["=", "+", "-", "@", "\t"].contains { name.hasPrefix($0) } ? "'" + name : name
    }

    /// A line of comma-separated values (RFC 4180).
    private static func line(_ fields: [String]) -> String {
        let quoted = fields.map { field in
            let isPlain = field.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "\"") }
            return isPlain ? field : "\"\(field.replacing("\"", with: "\"\""))\""
        }
        return quoted.joined(separator: ",") + "\r\n"
    }
}
