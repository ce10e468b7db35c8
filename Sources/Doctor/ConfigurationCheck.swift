import Configuration
import Glibc

/// Checks that all settings are valid, and that only their owner can read the keys among them.
enum ConfigurationCheck {
    static func diagnostics(_ configuration: Configuration) -> [Diagnostic] {
        var diagnostics = configuration.problems().map { problem in
            Diagnostic.problem(
                "configuration: \(problem)", ["nanobot config    # every setting, its value, and where the value came from"])
        }
        if diagnostics.isEmpty { diagnostics.append(.ok("configuration: every setting makes sense")) }
        if let path = configuration.fileWithSecrets(), isOpen(path) {
            diagnostics.append(.warning("configuration: \(path) holds keys, and other users may read it", ["chmod 600 \(path)"]))
        }
        return diagnostics
    }

    /// True if users other than the owner have any access to a file.
    private static func isOpen(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & 0o077 != 0
    }
}
