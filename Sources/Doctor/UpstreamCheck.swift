import HTTPClient
import Models
import Text

/// Checks that the upstreams can be reached, take their keys, and have their models.
enum UpstreamCheck {
    private static let timeout = Duration.seconds(15)

    static func diagnostics(_ routes: [UpstreamModel.Route]) async -> [Diagnostic] {
        guard !routes.isEmpty else { return [.ok("upstream: none is configured; the built-in model answers")] }
        var diagnostics: [Diagnostic] = []
        var checked: Set<ObjectIdentifier> = []
        for upstream in routes.map(\.upstream) where checked.insert(ObjectIdentifier(upstream)).inserted {
            let models = routes.filter { $0.upstream === upstream }.map { $0.model ?? upstream.settings.model }
            diagnostics += await self.diagnostics(upstream, models: models)
        }
        return diagnostics
    }

    /// - Parameter models: the models requested from the upstream; nil stands for the first of its list.
    private static func diagnostics(_ upstream: Upstream, models: [String?]) async -> [Diagnostic] {
        let name = "upstream \(upstream.settings.address)" + (upstream.settings.api == .chat ? "" : " (asked by /responses)")
        let needsList = models.contains { $0 == nil }
        let naming = ["set upstream.model (NANOBOT_UPSTREAM_MODEL) to the model that it is to be asked for"]
        do {
            guard let list = try await upstream.models(within: timeout) else {
                return [
                    Diagnostic(level: needsList ? .problem : .warning, text: "\(name): what it gives as /models is no list", fix: naming)
                ]
            }
            guard !needsList || !list.isEmpty else { return [.problem("\(name): it lists no models", naming)] }
            let key = upstream.settings.key == nil ? "wants no key" : "takes the key"
            return [.ok("\(name): it answers, \(key), and lists \(list.count) model\(list.count == 1 ? "" : "s")")]
                + models.compactMap(\.self).filter { !list.contains($0) }.map {
                    .warning("\(name): its list does not have the model \"\($0)\"", naming)
                }
        } catch  where error.code == .refused(status: 404) {
            return [
                Diagnostic(
                    level: needsList ? .problem : .warning, text: "\(name): it has no list of models (404)",
                    fix: naming + ["and upstream.url to a URL that ends in /v1, mostly"])
            ]
        } catch {
            return [
                .problem(
                    "\(name): \(error)",
                    [
                        "set upstream.url and upstream.key (NANOBOT_UPSTREAM_URL, NANOBOT_UPSTREAM_KEY) to what its operator says",
                        "nanobot config    # where each comes from",
                    ])
            ]
        }
    }
}
