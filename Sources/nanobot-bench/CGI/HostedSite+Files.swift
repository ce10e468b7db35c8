extension HostedSite {
    /// The user and group `nobody` and `nogroup`.
    static let nobody: UInt32 = 65_534

    /// The C program's work in Python, without Python's `site` module.
    static let script =
        """
        #!/usr/bin/python3 -S
        import os
        length = int(os.environ.get("CONTENT_LENGTH") or 0)
        if length:
            os.read(0, length)
            file = os.open("appended", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            os.write(file, b"x" * 199 + b"\\n")
            os.fdatasync(file)
        os.write(1, b'Status: 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Length: 15\\r\\n\\r\\n{"status":"ok"}')

        """

    /// The environment variables of nanobot for a workspace.
    private var settings: [(name: String, value: String)] {
        [("NANOBOT_CONFIG", workspace.configuration), ("NANOBOT_DATA_DIR", "\(workspace.data)/nanobot"), ("NANOBOT_LOG_LEVEL", "warning")]
    }

    private func lighttpd(modules: String, _ lines: String) -> String {
        """
        server.modules = ( \(modules) )
        server.bind = "127.0.0.1"
        server.port = \(port)
        server.document-root = "\(workspace.runtime)/site"
        server.upload-dirs = ( "\(workspace.runtime)" )
        server.max-fds = 4096
        server.max-keep-alive-requests = 0
        server.stream-response-body = 1
        \(lines)

        """
    }

    var lighttpdCGI: String {
        let variables = settings.map { "\"\($0.name)\" => \"\($0.value)\"" }.joined(separator: ", ")
        return lighttpd(
            modules: #""mod_setenv", "mod_cgi""#, "cgi.assign = ( \".cgi\" => \"\" )\nsetenv.add-environment = ( \(variables) )")
    }

    var lighttpd: String {
        lighttpd(
            modules: #""mod_fastcgi""#,
            #"fastcgi.server = ( "/" => (( "socket" => "\#(workspace.socket)", "check-local" => "disable", "fix-root-scriptname" => "enable" )) )"#
        )
    }

    var apache: String {
        let modules = ["mpm_event", "authz_core", "fcgid"].map { "LoadModule \($0)_module /usr/lib/apache2/modules/mod_\($0).so" }
        let variables = settings.map { "FcgidInitialEnv \($0.name) \($0.value)" }
        return """
            \(modules.joined(separator: "\n"))
            ServerName localhost
            Listen 127.0.0.1:\(port)
            User #\(Self.nobody)
            Group #\(Self.nobody)
            PidFile \(workspace.runtime)/apache.pid
            ErrorLog /dev/stderr
            LogLevel error
            MaxKeepAliveRequests 0
            DocumentRoot \(workspace.runtime)/site
            FcgidIPCDir \(workspace.runtime)/fcgid
            FcgidProcessTableFile \(workspace.runtime)/fcgid-table
            FcgidMaxProcessesPerClass \(connections)
            FcgidMaxProcesses \(connections)
            FcgidMaxRequestsPerProcess 0
            # It starts ten at most in quick succession otherwise, and lets the others wait.
            FcgidSpawnScoreUpLimit 1000
            \(variables.joined(separator: "\n"))
            <Directory "\(workspace.runtime)/site">
                Options FollowSymLinks ExecCGI
                SetHandler fcgid-script
                Require all granted
            </Directory>

            """
    }
}
