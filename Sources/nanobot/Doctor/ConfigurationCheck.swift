import Configuration
import Glibc

/// Whether all settings make sense, and who may read the keys among them.
enum ConfigurationCheck {
    static func findings(_ configuration: Configuration) -> [Diagnostic] {
        var findings = configuration.problems().map { problem in
            Diagnostic.problem(
                "configuration: \(problem)", ["nanobot config    # every setting, its value, and where the value came from"])
        }
        if findings.isEmpty { findings.append(.ok("configuration: every setting makes sense")) }
        return findings + files(with: configuration)
    }

    /// The file that keys came from.
    private static func files(with configuration: Configuration) -> [Diagnostic] {
        guard let path = configuration.fileWithSecrets() else { return [] }
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0 else { return [] }
        return [.warning("configuration: \(path) holds keys, and other users may read it", ["chmod 600 \(path)"])]
    }
}
