import Chat
import Concurrency
import FoundationEssentials
import Glibc
import JSON
import Logging

/// The program's settings and where each value came from: command-line option, environment variable, configuration file or default,
/// the first of them that has it.
struct Configuration {
    /// A setting's name, default and meaning.
    struct Setting {
        var key: String
        var fallback: String?
        var meaning: String
        var form = Form.plain

        /// What of it may be shown.
        enum Form {
            case plain
            /// Nothing.
            case secret
            /// A URL: not the user and the password in it.
            case address
            /// A JSON value: not the keys and the URLs' users in it.
            case json
        }

        /// `NANOBOT_` and the key's path in upper snake case.
        var environmentVariable: String {
            "NANOBOT_"
                + key.reduce(into: "") { text, character in
                    if character == "." { text += "_" } else { text += (character.isUppercase ? "_" : "") + character.uppercased() }
                }
        }
    }

    static let settings = [
        Setting(key: "dataDir", fallback: nil, meaning: "where sessions live; $HOME/.nanobot/data if not set"),
        Setting(key: "model.name", fallback: "nanobot", meaning: "the id shown and echoed"),
        Setting(key: "model.system", fallback: nil, meaning: "system prompt of every turn"),
        Setting(
            key: "models", fallback: nil, meaning: "models to choose from: a JSON object of id to upstream, model and system", form: .json),
        Setting(key: "requireModel", fallback: "false", meaning: "a request without model is an error"),
        Setting(
            key: "upstream.url", fallback: nil,
            meaning: "the server that answers, such as https://api.openai.com/v1; none: the built-in model",
            form: .address),
        Setting(key: "upstream.key", fallback: nil, meaning: "its bearer key", form: .secret),
        Setting(key: "upstream.model", fallback: nil, meaning: "the model asked for; none: the first of its list"),
        Setting(key: "upstream.timeout", fallback: "120", meaning: "seconds that a turn may take, retries included"),
        Setting(key: "upstream.connectTimeout", fallback: "10", meaning: "seconds that a connection may take to stand"),
        Setting(key: "upstream.retries", fallback: "2", meaning: "how many times each upstream is asked again"),
        Setting(
            key: "upstream.fallbacks", fallback: nil, meaning: "upstreams asked when that one fails: a JSON array of url, key and model",
            form: .json),
        Setting(key: "upstream.allowRemoteImages", fallback: "false", meaning: "a picture may be an https URL, which the upstream fetches"),
        Setting(key: "stream", fallback: "false", meaning: "answer stream: true with server-sent events instead of an error"),
        Setting(
            key: "onDisconnect", fallback: "finish",
            meaning: "a turn whose client left: finish: it is stored, and a retry finds it; cancel: it ends"),
        Setting(
            key: "heartbeat.after", fallback: nil,
            meaning: "seconds that an answer which does not stream may take before white space is sent; off if not set"),
        Setting(key: "history.maxTurns", fallback: "500", meaning: "the most turns that the model sees"),
        Setting(key: "history.maxTokens", fallback: "16000", meaning: "the most tokens of the past that the model sees"),
        Setting(key: "history.summarize", fallback: "false", meaning: "the model sums up turns that it no longer sees, and sees that"),
        Setting(key: "durability", fallback: "sync", meaning: "sync: on the disk before the answer; relaxed: the kernel decides"),
        Setting(key: "session.busyTimeout", fallback: "30", meaning: "seconds that a turn waits for the one before it"),
        Setting(key: "session.maxBytes", fallback: "67108864", meaning: "a session file of this size takes no more turns"),
        Setting(key: "retention.days", fallback: nil, meaning: "sessions that were not used for so long are removed"),
        Setting(key: "storage.minFreeBytes", fallback: "16777216", meaning: "what has to stay free where the data lives"),
        Setting(
            key: "storage.allowInDocumentRoot", fallback: "false",
            meaning: "the data may live where the web server gives files to everyone"),
        Setting(key: "limits.bodyBytes", fallback: "1048576", meaning: "the largest request body"),
        Setting(
            key: "limits.connections", fallback: nil,
            meaning: "the web server's connections at once; as many as the descriptors suffice for if not set"),
        Setting(key: "workers", fallback: "4", meaning: "worker threads"),
        Setting(key: "log.level", fallback: "info", meaning: "trace, debug, info, notice, warning, error or critical"),
        Setting(key: "log.format", fallback: "text", meaning: "text or json"),
    ]

    private(set) var values: [String: (text: String, source: String)] = [:]

    /// Reads the settings.
    ///
    /// - Parameters:
    ///   - options: values given on the command line, by key.
    ///   - file: the file that `--config` names.
    ///   - environment: the process's environment.
    init(options: [String: String], file: String?, environment: [String: String]) throws {
        let home = Self.home(environment)
        if let home { values["dataDir"] = (home + "/.nanobot/data", "default") }
        for setting in Self.settings { if let fallback = setting.fallback { values[setting.key] = (fallback, "default") } }
        if let path = try Self.file(named: file, environment, home: home) {
            for (key, text) in try Self.contents(of: path) {
                guard Self.settings.contains(where: { $0.key == key }) else { throw Failure(description: Self.unknown(key, in: path)) }
                values[key] = (text, path)
            }
        }
        for setting in Self.settings {
            if let text = environment[setting.environmentVariable] { values[setting.key] = (text, setting.environmentVariable) }
        }
        for (key, text) in options { values[key] = (text, "option") }
    }

    /// Where events are written.
    func logger() throws -> Logger {
        let level = try value("log.level", "a level such as info or debug") { Logger.Level(rawValue: $0) }
        let isJSON = try value("log.format", "text or json") { ["text": false, "json": true][$0] }
        CrashReport.useJSON(isJSON)
        return Logger(label: "nanobot") { _ in LineLogHandler(logLevel: level, isJSON: isJSON) }
    }

    /// A setting's text; nil where there is neither value nor default.
    func text(_ key: String) -> String? { values[key]?.text }

    /// A setting that is a whole number within a range.
    func integer(_ key: String, in range: ClosedRange<Int>) throws -> Int {
        try value(key, "a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A setting that is `true` or `false`.
    func flag(_ key: String) throws -> Bool {
        try value(key, "true or false") { Bool($0) }
    }

    /// A setting that `parse` understands; `expectation` says what that is.
    func value<Value>(_ key: String, _ expectation: String, _ parse: (String) -> Value?) throws -> Value {
        let (text, source) = values[key] ?? ("", "default")
        guard let value = parse(text) else {
            throw Failure(description: "\(key) must be \(expectation); \(source) says \"\(text)\".")
        }
        return value
    }

    /// The user's home directory: a web server starts programs without HOME.
    private static func home(_ environment: [String: String]) -> String? {
        if let home = environment["HOME"], !home.isEmpty { return home }
        return getpwuid(geteuid()).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
    }

    private static func file(named file: String?, _ environment: [String: String], home: String?) throws -> String? {
        if let named = file ?? environment["NANOBOT_CONFIG"] { return named }
        let usual = [home.map { $0 + "/.nanobot/config.json" }, "/etc/nanobot/config.json"]
        return usual.compactMap(\.self).first { FileManager.default.fileExists(atPath: $0) }
    }

    private static func unknown(_ key: String, in path: String) -> String {
        let nearest = settings.min { distance($0.key, key) < distance($1.key, key) }?.key ?? ""
        return "\(path) has the unknown key \"\(key)\". The nearest known one is \"\(nearest)\"."
    }

    /// Levenshtein's edit distance.
    private static func distance(_ left: String, _ right: String) -> Int {
        var row = Array(0...right.count)
        for (i, a) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, b) in right.enumerated() {
                (diagonal, row[j + 1]) = (row[j + 1], min(diagonal + (a == b ? 0 : 1), row[j] + 1, row[j + 1] + 1))
            }
        }
        return row[right.count]
    }
}
