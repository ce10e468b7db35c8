package import Configuration
package import HTTPClient
package import Models
import SystemPackage

/// Looks for problems that keep the program from working, and gives the lines that fix them. Reports diagnostics as it finds them.
package struct Doctor: Sendable {
    private let configuration: Configuration
    private let upstreams: [UpstreamModel.Route]?
    let engine: TransferEngine

    /// - Parameters:
    ///   - upstreams: the configuration's upstreams; nil if its settings are invalid.
    ///   - engine: makes requests to the upstreams and the site.
    package init(_ configuration: Configuration, upstreams: [UpstreamModel.Route]?, engine: TransferEngine) {
        (self.configuration, self.upstreams, self.engine) = (configuration, upstreams, engine)
    }

    /// Checks this host: the settings, the data directory, the API keys and the upstreams.
    package func checkHost(_ report: ([Diagnostic]) throws -> Void) async throws {
        try report(ConfigurationCheck.diagnostics(configuration))
        if let dataDirectory {
            let minimum = try? configuration[.storageMinFreeBytes]
            let cluster = (try? configuration[.cluster]) ?? nil
            try report(DirectoryCheck(path: dataDirectory, minimumFreeBytes: minimum ?? 0, cluster: cluster).diagnostics())
        }
        try report(KeysCheck.diagnostics(configuration))
        if let upstreams { try report(await UpstreamCheck.diagnostics(upstreams)) }
    }

    /// Checks what the web server between clients and the responder does to requests and responses.
    ///
    /// - Parameters:
    ///   - site: where clients reach the responder that has this configuration.
    ///   - waitsLong: true to wait as long as a turn may take.
    ///   - progress: called with what the doctor is waiting for.
    package func checkSite(
        _ site: SiteAddress, waitsLong: Bool, progress: @Sendable (String) -> Void, _ report: ([Diagnostic]) throws -> Void
    ) async throws {
        // Without a data directory there is a problem already, and no way to share a token with a responder.
        guard let dataDirectory else { return }
        let check = SiteCheck(
            site: site, engine: engine, dataDirectory: dataDirectory, turnLimit: turnLimit,
            bodyLimit: (try? configuration[.bodyLimit]) ?? 1 << 20, mayBeExposed: (try? configuration[.allowsDocumentRoot]) ?? false)
        try await check.run(waitsLong: waitsLong, progress: progress, report)
    }

    var dataDirectory: FilePath? { (try? configuration[.dataDirectory]).map { FilePath($0) } }

    /// How long a client may have to wait for the next byte, in seconds, before the program itself gives up.
    private var turnLimit: Int {
        let usesUpstreams = upstreams?.isEmpty == false
        let limit = (try? usesUpstreams ? configuration[.upstreamTimeout] : configuration[.sessionBusyTimeout]) ?? 120
        // A heartbeat breaks the silence earlier.
        return min(limit, (try? configuration[.heartbeatAfter]) ?? .max)
    }
}
