import Glibc

/// What Apache needs around what a test or a shipped file configures.
enum Apache {
    /// A whole configuration. Its workers are another user's where root starts it, and reach the directory then.
    static func configuration(port: Int, directory: String, modules: [String], _ text: String) -> String {
        chmod(directory, 0o711)
        return """
            ServerName localhost
            Listen 127.0.0.1:\(port)
            PidFile \(directory)/apache.pid
            DefaultRuntimeDir \(directory)
            ErrorLog \(directory)/apache.log
            \((["mpm_event", "authz_core", "env"] + modules).map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }.joined(separator: "\n"))
            User www-data
            Group www-data
            ThreadsPerChild 250
            MaxRequestWorkers 250
            StartServers 1
            \(text)

            """
    }
}
