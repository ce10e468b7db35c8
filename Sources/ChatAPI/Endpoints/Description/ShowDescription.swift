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
        let server: JSONValue = ["url": .string(Self.server(seenFrom: context.request.uriPath)), "description": "This server"]
        if let index = members.firstIndex(where: { $0.0 == "servers" }) { members[index].1 = [server] }
        try await writer.send(.json(.object(members)))
    }

    private static var file: [UInt8] {
        var length = 0
        return Array(UnsafeBufferPointer(start: openapi_json(&length), count: length))
    }

    /// Where the API is, as a URL relative to the description's own (OpenAPI 3.1, Server Object). So it is right behind proxies, too.
    static func server(seenFrom path: String) -> String {
        var folders = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let hasSlash = folders.last?.isEmpty == true
        folders = folders.dropLast(hasSlash ? 2 : 1)
        let isBelowVersion = folders.last?.elementsEqual("v1".utf8) == true
        return (hasSlash, isBelowVersion) == (true, true) ? "../.." : hasSlash || isBelowVersion ? ".." : "."
    }
}
