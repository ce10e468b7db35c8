import BuiltinModel
import ChatAPI
import HTTPClient
import Logging
import Models

extension Configuration {
    /// Makes the models, and gives the other servers that they are on, each with the model it is asked for.
    ///
    /// - Parameters:
    ///   - engine: makes the requests to upstreams.
    ///   - logger: gets a warning for each failed attempt that another one follows.
    func models(
        engine: TransferEngine, logger: Logger = Logger(label: "nanobot") { _ in SwiftLogNoOpLogHandler() }
    ) throws -> (catalog: ModelCatalog, upstreams: [UpstreamModel.Route]) {
        let limits = UpstreamLimits(
            timeout: try integer("upstream.timeout", in: UpstreamLimits.timeouts),
            connectTimeout: try integer("upstream.connectTimeout", in: UpstreamLimits.timeouts),
            retries: try integer("upstream.retries", in: UpstreamLimits.retryCounts))
        let routes = try mainRoutes(limits, engine)
        func model(_ routes: [UpstreamModel.Route], _ limits: UpstreamLimits) -> any ChatModel {
            routes.isEmpty
                ? BuiltinModel()
                : UpstreamModel(routes, timeout: .seconds(limits.timeout), retries: limits.retries, logger: logger)
        }
        let system = given("model.system")
        let standard = ModelCatalog.Entry(
            id: try value("model.name", "a name") { $0.isEmpty ? nil : $0 }, systemPrompt: system, model: model(routes, limits))
        var upstreams = routes
        let list = try given("models").map { try SettingValue("models", $0).members() } ?? []
        let entries = try list.map { id, entry in
            var (name, ownSystem): (String?, String?)
            var upstream: UpstreamSetting?
            for (member, value) in try entry.members(["upstream", "model", "system"]) {
                switch member {
                case "model": name = try value.text()
                case "system": ownSystem = try value.text()
                default: upstream = try UpstreamSetting(value, limits: limits)
                }
            }
            var routes = routes
            if let upstream {
                routes = [UpstreamModel.Route(Upstream(upstream.settings, engine: engine), model: name)]
                upstreams += routes
            } else if let name, !routes.isEmpty {
                // The further upstreams have other names for their models.
                routes[0].model = name
                upstreams.append(routes[0])
            }
            return ModelCatalog.Entry(id: id, systemPrompt: ownSystem ?? system, model: model(routes, upstream?.limits ?? limits))
        }
        return (ModelCatalog(default: standard, list: entries), upstreams)
    }

    /// The upstream of `upstream.url` and then those of `upstream.fallbacks`.
    private func mainRoutes(_ limits: UpstreamLimits, _ engine: TransferEngine) throws -> [UpstreamModel.Route] {
        guard let url = given("upstream.url") else {
            guard given("upstream.fallbacks") == nil else {
                throw Failure(description: "upstream.fallbacks needs upstream.url: the upstream that they stand in for.")
            }
            return []
        }
        var settings = [
            Upstream.Settings(
                address: try UpstreamSetting.address(url, "upstream.url"),
                key: try given("upstream.key").map { try UpstreamSetting.key($0, "upstream.key") }, model: given("upstream.model"),
                connectTimeout: .seconds(limits.connectTimeout))
        ]
        if let text = given("upstream.fallbacks") {
            settings += try SettingValue("upstream.fallbacks", text).elements().map {
                try UpstreamSetting($0, limits: limits, names: ["url", "key", "model"]).settings
            }
        }
        return settings.map { UpstreamModel.Route(Upstream($0, engine: engine)) }
    }

    /// A setting's text; an empty one, as environment files have it, counts as none.
    private func given(_ key: String) -> String? { text(key).flatMap { $0.isEmpty ? nil : $0 } }
}
