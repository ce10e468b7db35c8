package import CGI
import Chat
import Concurrency
package import FoundationEssentials
import JSON
package import Logging
import Models
package import Sessions

/// The HTTP API: gives every request a response.
package struct Router: Sendable {
    /// What the operator may choose of the API.
    package struct Settings: Sendable {
        /// Whether a request has to name a model.
        package var requiresModel = false
        /// Whether a picture may be an `https:` URL, which the model's server fetches.
        package var allowsRemoteImages = false
        /// The largest body, in bytes.
        package var bodyLimit = 1 << 20
        /// Whether an answer is given in pieces where the client asks for that.
        package var streams = false
        /// How long an answer in pieces is silent before a comment, or white space, is sent.
        package var keepAliveInterval = Duration.seconds(10)
        /// How long a turn whose answer is not given in pieces may take before white space is sent. Nil: as long as it takes.
        package var heartbeatAfter: Duration?

        /// The defaults.
        package init() {}
    }

    let settings: Settings
    let sessions: SessionStore
    let models: ModelCatalog
    let executor: (any TaskExecutor)?
    let logger: Logger
    let now: @Sendable () -> Date
    private let started: Int

    /// Makes the API over a store of sessions and the models that answer.
    ///
    /// - Parameter executor: where turns run whose response begins before they have ended. They touch files, so it should be one that may
    ///   block.
    package init(
        settings: Settings = Settings(), sessions: SessionStore, models: ModelCatalog, executor: (any TaskExecutor)? = nil,
        logger: Logger, now: @escaping @Sendable () -> Date = { Date() }
    ) {
        self.settings = settings
        self.sessions = sessions
        self.models = models
        self.executor = executor
        self.logger = logger
        self.now = now
        started = Int(now().timeIntervalSince1970)
    }

    /// The response to a request. Handlers throw; this is the one place where errors become responses.
    package func respond(to request: Request) async -> Response {
        let requestID = Self.requestID(request)
        let route = Route(path: request.path)
        return await RequestLabel.$current.withValue(Self.label(request, route, requestID)) {
            do {
                var response = try await answer(request, route, requestID)
                response.headers.append(("x-request-id", requestID))
                return response
            } catch {
                return Self.response(log(error, requestID), requestID)
            }
        }
    }

    private static func label(_ request: Request, _ route: Route?, _ requestID: String) -> RequestLabel {
        guard let route else { return RequestLabel(route: "no route", requestID: requestID) }
        let method = route.methods.contains(request.method) ? request.method : "another method"
        return RequestLabel(route: "\(method) \(route.pattern)", requestID: requestID)
    }

    /// The response of a program that cannot serve: what is wrong is for its operator to know, not for clients.
    package static func internalError(to request: Request) -> Response { response(.internalError, requestID(request)) }

    private static func response(_ error: APIError, _ requestID: String) -> Response {
        var response = json(error.body, status: error.status)
        response.headers += error.headers + [("x-request-id", requestID)]
        return response
    }

    private func answer(_ request: Request, _ route: Route?, _ requestID: String) async throws -> Response {
        guard let route, isKnown(route) else { throw APIError.notFound }
        guard route.methods.contains(request.method) else {
            throw APIError.methodNotAllowed(allowed: route.methods.joined(separator: ", "))
        }
        if request.method == "OPTIONS" {
            return Response(status: 204, headers: [("Allow", route.methods.joined(separator: ", "))])
        }
        switch route {
        case .chatCompletions: return try await completeChat(request, requestID)
        case .session: return try await request.method == "DELETE" ? deleteSession(request) : showSession(request)
        case .sessionExport: return try await exportSession(request)
        case .sessionUndo: return try await undoTurn(request)
        case .sessionFork: return try await forkSession(request)
        case .sessions: throw APIError.sessionsNotListed
        case .models: return Self.json(["object": "list", "data": .array(models.entries.map(modelObject))])
        case .model(let id): return Self.json(modelObject(try models.entry(listed: id)))
        case .health: return Self.json(["status": "ok"])
        case .examination(let examination, let token): return try await examine(request, examination, token)
        }
    }

    static func json(_ value: JSONValue, status: Int = 200) -> Response {
        Response(status: status, headers: [("Content-Type", "application/json")], body: value.serialized)
    }

    private func modelObject(_ entry: ModelCatalog.Entry) -> JSONValue {
        ["id": .string(entry.id), "object": "model", "created": .integer(started), "owned_by": "nanobot"]
    }

    /// A client's id is kept, so that its logs and these agree; one that could break a log line is replaced.
    private static func requestID(_ request: Request) -> String {
        if let id = request.header("x-request-id"), 1...128 ~= id.utf8.count,
            id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ",") })
        {
            return id
        }
        return Identifier.make(prefix: "req_")
    }

    func log(_ error: any Error, _ requestID: String) -> APIError {
        switch error {
        case let error as APIError:
            return error
        case let error as SessionError:
            let apiError = APIError(error)
            if apiError.status >= 500 { logger.error("\(error)", metadata: ["request": "\(requestID)"]) }
            return apiError
        case is CancellationError:
            // The client has left: nobody reads the response.
            return .internalError
        case let error as ModelError where error.code == .cancelled:
            return .internalError
        case let error as ModelError:
            let apiError = APIError(error)
            logger.log(level: apiError.status >= 500 ? .error : .warning, "\(error)", metadata: ["request": "\(requestID)"])
            return apiError
        default:
            logger.error("\(error)", metadata: ["request": "\(requestID)"])
            return .internalError
        }
    }
}
