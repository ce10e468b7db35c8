import Access
import BuiltinModel
import ChatAPI
import Configuration
import HTTPClient
import Logging
import Models

extension Configuration {
    /// Makes the models. Also returns each route to a server, with the model that is requested there.
    ///
    /// - Parameters:
    ///   - engine: makes the requests to upstreams.
    ///   - logger: gets a warning for each attempt that fails and is retried.
    func models(
        engine: TransferEngine, logger: Logger = Logger(label: "nanobot") { _ in SwiftLogNoOpLogHandler() }
    ) throws -> (catalog: ModelCatalog, upstreams: [UpstreamModel.Route]) {
        let limits = try UpstreamLimits(self)
        func model(_ routes: [UpstreamModel.Route], _ limits: UpstreamLimits) -> any ChatModel {
            routes.isEmpty
                ? BuiltinModel() : UpstreamModel(routes, timeout: limits.timeout, retries: limits.retries, logger: logger)
        }
        func route(_ setting: UpstreamSetting, _ limits: UpstreamLimits, model: String? = nil) -> UpstreamModel.Route {
            let settings = Upstream.Settings(
                address: setting.address, api: setting.api, key: setting.key, model: setting.model,
                connectTimeout: limits.connectTimeout, takesNames: setting.names, takesUnknown: setting.passUnknown)
            return UpstreamModel.Route(Upstream(settings, engine: engine), model: model)
        }
        let system = try self[.systemPrompt]
        let price = try self[.modelPrice].map(Price.init)
        let mainRoutes = try upstreams().map { route($0, limits) }
        let standard = ModelCatalog.Entry(id: try self[.modelName], systemPrompt: system, model: model(mainRoutes, limits), price: price)
        var upstreams = mainRoutes
        let entries = (try self[.models] ?? []).map { setting in
            var (routes, limits) = (mainRoutes, limits)
            if let upstream = setting.upstream {
                limits = limits.overridden(by: upstream)
                routes = [route(upstream, limits, model: setting.model)]
                upstreams += routes
            } else if let name = setting.model, !routes.isEmpty {
                // Only the first upstream knows this model by name; the others have names of their own.
                routes[0].model = name
                upstreams.append(routes[0])
            }
            return ModelCatalog.Entry(
                id: setting.id, systemPrompt: setting.system ?? system, model: model(routes, limits),
                price: setting.price.map(Price.init) ?? price)
        }
        return (ModelCatalog(default: standard, list: entries), upstreams)
    }
}

extension Price {
    fileprivate init(_ setting: PriceSetting) { self.init(input: setting.input, output: setting.output) }
}

/// How long a turn may take, and how often it is retried.
private struct UpstreamLimits {
    var timeout: Duration
    var connectTimeout: Duration
    var retries: Int

    init(_ configuration: Configuration) throws {
        timeout = .seconds(try configuration[.upstreamTimeout])
        connectTimeout = .seconds(try configuration[.upstreamConnectTimeout])
        retries = try configuration[.upstreamRetries]
    }

    /// The upstream's own limits, and these if it sets none.
    func overridden(by setting: UpstreamSetting) -> UpstreamLimits {
        var limits = self
        if let timeout = setting.timeout { limits.timeout = .seconds(timeout) }
        if let connectTimeout = setting.connectTimeout { limits.connectTimeout = .seconds(connectTimeout) }
        if let retries = setting.retries { limits.retries = retries }
        return limits
    }
}
