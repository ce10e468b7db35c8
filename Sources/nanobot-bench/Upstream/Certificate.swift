/// A self-signed certificate for 127.0.0.1, and its key.
struct Certificate {
    let path: String
    let keyPath: String

    init(in workspace: Workspace) throws {
        (path, keyPath) = ("\(workspace.runtime)/certificate.pem", "\(workspace.runtime)/key.pem")
        _ = try OwnedProcess.run([
            try OwnedProcess.find("openssl", package: "openssl"), "req", "-x509", "-batch", "-noenc", "-days", "2",
            "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=127.0.0.1",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", keyPath, "-out", path,
        ])
    }
}
