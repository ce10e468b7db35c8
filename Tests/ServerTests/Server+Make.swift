import CGI
import Concurrency
import Logging
import TestSupport

@testable import Server

/// An endpoint that does what a test says.
struct TestEndpoint: Endpoint {
    var method = "GET"
    var path = "/v1/test"
    var admission = Admission.keys
    var isUncounted = false
    var answersWhileExposed = false
    var answer: @Sendable (RequestContext, ResponseWriter) async throws -> Void = { _, writer in
        try await writer.send(Response(status: 200, body: Array("test".utf8)))
    }

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws { try await answer(context, writer) }
}

/// Keeps each line as `level message key=value …`, keys in order.
struct LineLog: LogHandler {
    let lines: Log<String>
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]

    init(_ lines: Log<String>) { self.lines = lines }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = event.metadata ?? [:]
        if let label = RequestLabel.current { metadata["request"] = "\(label.requestID)" }
        let pairs = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        lines.append("\(event.level) \(event.message)\(pairs)")
    }
}

extension Server {
    static func make(
        _ endpoints: [any Endpoint], guarding dataDirectory: String? = nil, sessionNames: AccessLog.SessionNames = .full,
        middleware: [any Middleware]? = nil, lines: Log<String> = Log(), configure: (inout ServerOptions) -> Void = { _ in }
    ) -> Server {
        var options = ServerOptions()
        configure(&options)
        let logger = Logger(label: "test") { _ in LineLog(lines) }
        return Server(
            EndpointTable(endpoints),
            middleware: middleware ?? MiddlewareList.serving(guarding: dataDirectory, sessionNames: sessionNames), options: options,
            logger: logger)
    }

    /// Sends a request whose mount point is told, and gives what comes back.
    func ask(
        _ method: String = "GET", _ path: String = "/v1/test", _ metaVariables: KeyValuePairs<String, String> = [:],
        body: Request.Body = .complete([]), output: Output = Output()
    ) async -> Output {
        let variables = [("REQUEST_METHOD", method), ("SCRIPT_NAME", ""), ("PATH_INFO", path)] + metaVariables.map { ($0.key, $0.value) }
        await serve(Request(metaVariables: variables.map { (name: $0.0, value: $0.1) }, body: body), to: output)
        return output
    }
}
