import CGI
import Testing

@testable import Server

@Suite("EndpointTable")
struct EndpointTableTests {
    private let table = EndpointTable([
        TestEndpoint(path: "/v1/a"), TestEndpoint(method: "POST", path: "/v1/a"), TestEndpoint(method: "DELETE", path: "/v1/a"),
        TestEndpoint(path: "/v1/a/{id}"), TestEndpoint(path: "/v1/a/{id}/b"), TestEndpoint(path: "/v1/c/{rest...}"),
        TestEndpoint(path: "/health"), TestEndpoint(path: "/"),
    ])

    private func find(_ path: [String], isExact: Bool = true) -> String? {
        table.find(RequestPath(segments: path, isExact: isExact)).map { route, parameters in
            route.pattern + parameters.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        }
    }

    @Test(
        "an exact path names one pattern, with the values of its parameters",
        arguments: [
            (["v1", "a"], "/v1/a"), (["a"], "/v1/a"), (["v1", "a", "x"], "/v1/a/{id} id=x"), (["a", "x", "b"], "/v1/a/{id}/b id=x"),
            (["v1", "c", "x"], "/v1/c/{rest...} rest=x"), (["c", "x", "y", "z"], "/v1/c/{rest...} rest=x/y/z"), (["health"], "/health"),
            (["v1", "health"], "/health"), ([], "/"), (["v1"], "/"), (["a", ""], "/v1/a/{id} id="), (["b"], nil), (["v1", "v1", "a"], nil),
            (["x", "a"], nil), (["a", "x", "c"], nil), (["c"], nil), ([""], nil), (["A"], nil), (["health", "x"], nil),
        ] as [([String], String?)])
    func exact(path: [String], pattern: String?) {
        #expect(find(path) == pattern)
    }

    @Test(
        "a path that is not exact is tried below every possible mount point, the longest path first",
        arguments: [
            (["x", "y", "v1", "a"], "/v1/a"), (["x", "a"], "/v1/a"), (["c", "x", "a"], "/v1/c/{rest...} rest=x/a"),
            (["x", "c", "y", "z"], "/v1/c/{rest...} rest=y/z"), (["v1", "v1", "a"], "/v1/a"), (["x", "b"], nil), ([], nil),
        ] as [([String], String?)])
    func inexact(path: [String], pattern: String?) {
        #expect(find(path, isExact: false) == pattern)
    }

    @Test("a path of a hundred thousand segments is matched quickly")
    func long() {
        #expect(find([String](repeating: "x", count: 100_000), isExact: false) == nil)
        #expect(find([String](repeating: "x", count: 100_000) + ["a"], isExact: false) == "/v1/a")
        #expect(find([String](repeating: "v1", count: 100_000) + ["a"], isExact: false) == "/v1/a")
    }

    @Test("a path's methods are those of its endpoints, HEAD with GET, and OPTIONS")
    func methods() {
        #expect(table.find(RequestPath(segments: ["a"], isExact: true))?.route.methods == ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
        #expect(table.paths.first?.path == "/v1/a" && table.paths.first?.methods == ["GET", "POST", "DELETE"])
    }

    @Test("path segments are compared by bytes")
    func normalization() {
        let table = EndpointTable([TestEndpoint(path: "/e\u{301}")])
        #expect(table.find(RequestPath(segments: ["\u{e9}"], isExact: true)) == nil)
    }
}
