import FoundationEssentials
import Glibc
import Text

/// The program's settings and where each value came from: the first of option, environment variable, configuration file and default
/// that has it.
///
/// A value is parsed and checked when it is read, so that a bad setting does not stop a command that does not need it.
/// `validate` checks all.
package struct Configuration: Sendable {
    /// What is set. Defaults are not: most programs that start set a few settings, and a CGI program starts for each request.
    private var settings: [TextKey: Setting] = [:]
    private var home: String?
    /// Where API keys are if `auth.keysFile` does not say; nil if there is neither a configuration file nor a home directory.
    private var usualKeysFile: String?

    /// Finds each setting's text.
    ///
    /// - Parameters:
    ///   - file: the file that `--config` names; nil for `$NANOBOT_CONFIG`, `$HOME/.nanobot/config.json` or `/etc/nanobot/config.json`.
    ///   - environment: the process's environment.
    /// - Throws: if the file cannot be read, is not JSON, or has unknown keys.
    package init(file: String? = nil, environment: [String: String]) throws(ConfigurationError) {
        home = Self.home(environment)
        usualKeysFile = home.map { $0 + "/.nanobot/keys.json" }
        if let path = Self.path(file, environment, home: home) {
            usualKeysFile = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path[...$0] + "keys.json" } ?? "./keys.json"
            for setting in try Self.settings(of: path) { settings[TextKey(setting.key.name)] = setting }
        }
        for key in Self.keys {
            let variable = key.environmentVariable
            if let text = environment[variable] {
                settings[TextKey(key.name)] = Setting(key: key, text: text, source: .environment(variable))
            }
        }
    }

    /// Finds each setting's text in the environment of a CGI program, where a request's headers are, too.
    ///
    /// - Throws: as `init(file:environment:)`.
    package init(environment: [(name: String, value: String)]) throws(ConfigurationError) {
        // A client chooses the names of headers: they are not hashed.
        let variables = environment.filter { $0.name.hasPrefix("NANOBOT_") || $0.name == "HOME" }.map { ($0.name, $0.value) }
        try self.init(environment: Dictionary(variables) { first, _ in first })
    }

    /// Sets a setting from an option on the command line.
    package mutating func setOption<Value>(_ key: Key<Value>, _ text: String) {
        settings[TextKey(key.name)] = Setting(key: key, text: text, source: .option)
    }

    package subscript<Value>(_ key: Key<Value>) -> Value {
        get throws(ConfigurationError) { try key.value(setting(of: key)) }
    }

    /// What a setting is, and if it is not set its default; nil if there is neither.
    private func setting(of key: any SettingKey) -> Setting? {
        if let setting = settings[TextKey(key.name)] { return setting }
        guard let fallback = key.fallback else { return nil }
        if key.hasConstantDefault { return Setting(key: key, text: fallback, source: .default) }
        return home.map { Setting(key: key, text: $0 + fallback.dropFirst("$HOME".count), source: .default) }
    }

    /// The path of the file of API keys, which need not exist.
    package func keysFile() throws(ConfigurationError) -> String {
        if let path = try self[.keysFile] ?? usualKeysFile { return path }
        return try self[.dataDirectory] + "/keys.json"
    }

    package func source(of key: any SettingKey) -> Source { settings[TextKey(key.name)]?.source ?? .default }

    /// A setting's text as it was written; nil if there is neither value nor default.
    func text(of key: any SettingKey) -> String? { setting(of: key)?.text }

    /// Everything that is wrong with the settings. If there is nothing, no value is refused later.
    package func problems() -> [ConfigurationError] {
        var problems: [ConfigurationError] = []
        func collect(_ check: () throws(ConfigurationError) -> Void) {
            do throws(ConfigurationError) {
                try check()
            } catch {
                // A rule about several settings repeats their own errors.
                if !problems.contains(error) { problems.append(error) }
            }
        }
        for key in Self.keys where settings[TextKey(key.name)] != nil || !key.hasConstantDefault {
            collect { () throws(ConfigurationError) in try key.check(setting(of: key)) }
        }
        collect { () throws(ConfigurationError) in _ = try upstreams() }
        return problems
    }

    /// Throws the first of the problems.
    package func validate() throws(ConfigurationError) {
        if let problem = problems().first { throw problem }
    }

    /// The servers that answer, in the order they are tried: the one of `upstream.url`, then those of `upstream.fallbacks`. Empty
    /// if the built-in model answers.
    package func upstreams() throws(ConfigurationError) -> [UpstreamSetting] {
        let fallbacks = try self[.upstreamFallbacks]
        guard let address = try self[.upstreamURL] else {
            guard fallbacks == nil else {
                throw ConfigurationError("upstream.fallbacks needs upstream.url: the upstream that they stand in for.")
            }
            return []
        }
        return [
            UpstreamSetting(
                address: address, api: try self[.upstreamAPI], key: try self[.upstreamKey], model: try self[.upstreamModel],
                names: try self[.upstreamNames], passUnknown: try self[.upstreamPassUnknown])
        ] + (fallbacks ?? [])
    }

    /// The user's home directory, also without HOME: web servers start programs without it.
    private static func home(_ environment: [String: String]) -> String? {
        if let home = environment["HOME"], !home.isEmpty { return home }
        return getpwuid(geteuid()).flatMap { $0.pointee.pw_dir }.map { String(cString: $0) }
    }

    private static func path(_ file: String?, _ environment: [String: String], home: String?) -> String? {
        if let named = file ?? environment["NANOBOT_CONFIG"] { return named }
        let usual = [home.map { $0 + "/.nanobot/config.json" }, "/etc/nanobot/config.json"]
        return usual.compactMap(\.self).first { FileManager.default.fileExists(atPath: $0) }
    }
}
