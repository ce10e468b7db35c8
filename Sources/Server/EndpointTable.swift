import CGI
import Text

/// All endpoints, by path and method.
package struct EndpointTable: Sendable {
    /// The endpoints of one path. A class, because each step of a request copies the reference.
    final class Route: Sendable {
        /// The path as the endpoints declare it.
        let pattern: String
        let endpoints: [any Endpoint]
        /// The allowed methods, in the order of `Allow`.
        let methods: [String]
        /// If there is no endpoint: what there is instead, in one sentence.
        let instead: String?
        private let segments: [Segment]

        private enum Segment {
            case literal(String)
            case parameter(String)
            case rest(String)

            init(_ text: Substring) {
                guard text.hasPrefix("{"), text.hasSuffix("}") else {
                    self = .literal(String(text))
                    return
                }
                let name = text.dropFirst().dropLast()
                self = name.hasSuffix("...") ? .rest(String(name.dropLast(3))) : .parameter(String(name))
            }
        }

        init(_ pattern: String, _ endpoints: [any Endpoint], instead: String? = nil) {
            (self.pattern, self.endpoints, self.instead) = (pattern, endpoints, instead)
            var parts = pattern.utf8.split(separator: UInt8(ascii: "/")).map(Substring.init)
            if parts.first == "v1" { parts.removeFirst() }
            segments = parts.map(Segment.init)
            methods = endpoints.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] } + ["OPTIONS"]
        }

        /// The values of the path's parameters; nil if the path does not match.
        func match(_ path: ArraySlice<String>) -> [(key: String, value: String)]? {
            let takesRest = if case .rest = segments.last { true } else { false }
            guard takesRest ? path.count >= segments.count : path.count == segments.count else { return nil }
            var values: [(key: String, value: String)] = []
            for (segment, text) in zip(segments, path) {
                switch segment {
                case .literal(let literal): guard literal == text else { return nil }
                case .parameter(let name): values.append((name, text))
                case .rest(let name): values.append((name, path.dropFirst(segments.count - 1).joined(separator: "/")))
                }
            }
            return values
        }
    }

    /// A route, and the values of its parameters.
    typealias Match = (route: Route, parameters: [(key: String, value: String)])

    private let routes: [Route]
    /// Looked at only for a path that is not there: a CGI program makes its table anew for each request.
    private let missing: @Sendable () -> [(path: String, instead: String)]

    /// - Parameters:
    ///   - endpoints: those of one path in the order in which `Allow` lists their methods.
    ///   - missing: paths that other servers have, and what there is here instead.
    package init(_ endpoints: [any Endpoint], missing: @escaping @Sendable () -> [(path: String, instead: String)] = { [] }) {
        var patterns: [String] = []
        for endpoint in endpoints where !patterns.contains(endpoint.path) { patterns.append(endpoint.path) }
        routes = patterns.map { pattern in Route(pattern, endpoints.filter { $0.path == pattern }) }
        self.missing = missing
    }

    /// Every path with its methods, without OPTIONS, as the API's description lists them.
    package var paths: [(path: String, methods: [String])] { routes.map { ($0.pattern, $0.endpoints.map(\.method)) } }

    /// Finds the route that a path names, with or without a leading `v1`, and the values of its parameters.
    ///
    /// A path that is not exact is tried from each of its segments on. What precedes the first match is the mount point.
    func find(_ path: RequestPath) -> Match? { Self.find(path, among: routes) }

    /// What there is instead of a path that other servers have; nil if they do not have it either.
    func alternative(to path: RequestPath) -> String? {
        Self.find(path, among: missing().map { Route($0.path, [], instead: $0.instead) })?.route.instead
    }

    private static func find(_ path: RequestPath, among routes: [Route]) -> Match? {
        let starts = path.isExact ? 0..<1 : path.segments.indices
        for start in starts {
            var rest = path.segments[start...]
            if rest.first == "v1" { rest = rest.dropFirst() }
            for route in routes {
                if let parameters = route.match(rest) { return (route, parameters) }
            }
        }
        return nil
    }
}
