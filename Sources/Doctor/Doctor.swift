package import Configuration
package import HTTPClient
package import Models
import SystemPackage

/// Looks for what keeps the program from working, and says which lines fix it. Diagnostics come as they are found.
package struct Doctor: Sendable {
    private let configuration: Configuration
    private let upstreams: [UpstreamModel.Route]?
    private let engine: TransferEngine

    /// Makes a doctor.
    ///
    /// - Parameters:
    ///   - upstreams: those of the configuration; nil if its settings are too wrong to make them.
    ///   - engine: makes requests to the upstreams and the site.
    package init(_ configuration: Configuration, upstreams: [UpstreamModel.Route]?, engine: TransferEngine) {
        (self.configuration, self.upstreams, self.engine) = (configuration, upstreams, engine)
    }

    /// Checks this host: the settings, the data directory and the upstreams.
    package func checkHost(_ report: ([Diagnostic]) throws -> Void) async throws {
        try report(ConfigurationCheck.diagnostics(configuration))
        if let dataDirectory {
            let minimum = try? configuration[.storageMinFreeBytes]
            try report(DirectoryCheck(path: dataDirectory, minimumFreeBytes: minimum ?? 0).diagnostics())
        }
        if let upstreams { try report(await UpstreamCheck.diagnostics(upstreams)) }
    }

    /// Checks what the web server between clients and the responder does to requests and responses.
    ///
    /// - Parameters:
    ///   - site: where clients reach the responder that has this configuration.
    ///   - waitsLong: whether to wait as long as a turn may take.
    ///   - progress: told what is being waited for.
    package func checkSite(
        _ site: SiteAddress, waitsLong: Bool, progress: @Sendable (String) -> Void, _ report: ([Diagnostic]) throws -> Void
    ) async throws {
        // Without one there is a problem already, and nothing to share with a responder.
        guard let dataDirectory else { return }
        let check = SiteCheck(
            site: site, engine: engine, dataDirectory: dataDirectory, turnLimit: turnLimit,
            mayBeExposed: (try? configuration[.allowsDocumentRoot]) ?? false)
        try await check.run(waitsLong: waitsLong, progress: progress, report)
    }

    private var dataDirectory: FilePath? { (try? configuration[.dataDirectory]).map { FilePath($0) } }

    /// How long a client may have to wait for the next byte, in seconds, before the program itself gives up.
    private var turnLimit: Int {
        let usesUpstreams = upstreams?.isEmpty == false
        let limit = (try? usesUpstreams ? configuration[.upstreamTimeout] : configuration[.sessionBusyTimeout]) ?? 120
        // A heartbeat breaks the silence earlier.
        return min(limit, (try? configuration[.heartbeatAfter]) ?? .max)
    }
}
