import ChatAPI
import Glibc
import HTTPClient
import JSON
import Models
import Server
import Sessions

/// Whether all settings make sense, and who may read the keys among them.
enum ConfigurationCheck {
    static func findings(_ configuration: Configuration) -> [Diagnostic] {
        let readings: [() throws -> Void] = [
            { _ = try configuration.dataDirectory() }, { _ = try configuration.logger() }, { _ = try ChatService.Settings(configuration) },
            { _ = try SessionStore.Settings(configuration) }, { _ = try configuration.workerCount() },
            { _ = try ServerOptions(configuration) }, { _ = try configuration.allowsDocumentRoot() },
            { _ = try configuration.models(engine: TransferEngine()) },
        ]
        var findings: [Diagnostic] = []
        for reading in readings {
            do {
                try reading()
            } catch {
                findings.append(
                    .problem("configuration: \(error)", ["nanobot config    # every setting, its value, and where the value came from"]))
            }
        }
        if findings.isEmpty { findings.append(.ok("configuration: every setting makes sense")) }
        return findings + files(with: configuration)
    }

    /// The files that keys came from.
    private static func files(with configuration: Configuration) -> [Diagnostic] {
        let secrets = Configuration.settings.filter { setting in
            switch setting.form {
            case .secret: true
            // A key or a URL with a password, at any depth: what is masked is not what is there.
            case .json, .address: configuration.text(setting.key) != nil && configuration.shown(setting).contains(Configuration.mask)
            case .plain: false
            }
        }
        let sources = Set(secrets.compactMap { configuration.values[$0.key]?.source }.filter { $0.hasPrefix("/") || $0.contains(".") })
        return sources.sorted().compactMap { path in
            var status = stat()
            guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return nil }
            return .warning("configuration: \(path) holds keys, and other users may read it", ["chmod 600 \(path)"])
        }
    }
}
