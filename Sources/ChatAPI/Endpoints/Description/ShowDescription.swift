import CGI
import COpenAPI
import JSON
import Server
import Text

/// `GET /openapi.json`: the API's description. It touches neither sessions nor models.
struct ShowDescription: Endpoint {
    let method = "GET"
    let path = "/openapi.json"
    let admission = Admission.everybody

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        guard case .object(var members) = try JSONField(parsing: Self.file).value else { throw APIError.internalError }
        let server: JSONValue = ["url": .string(Self.mountPoint(in: context.request.encodedPath)), "description": "This server"]
        if let index = members.firstIndex(where: { $0.0 == "servers" }) { members[index].1 = [server] }
        try await writer.send(.json(.object(members)))
    }

    private static var file: [UInt8] {
        var length = 0
        return Array(UnsafeBufferPointer(start: openapi_json(&length), count: length))
    }

    /// The path of the API, from where the client found its description. Not relative to that, which OpenAPI 3.1 allows and clients get wrong.
    private static func mountPoint(in path: Substring) -> String {
        // Without empty segments: a URL that begins with two slashes names another host.
        var segments = path.utf8.split(separator: UInt8(ascii: "/"))
        guard segments.popLast()?.elementsEqual("openapi.json".utf8) == true else { return "/" }
        if segments.last?.elementsEqual("v1".utf8) == true { segments.removeLast() }
        return "/" + segments.map { String(Substring($0)) }.joined(separator: "/")
    }
}
