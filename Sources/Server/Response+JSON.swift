package import CGI
package import JSON

extension Response {
    /// A response whose body is JSON.
    package static func json(_ value: JSONValue, status: Int = 200, headers: [(name: String, value: String)] = []) -> Response {
        Response(status: status, headers: [("Content-Type", "application/json")] + headers, body: value.serialized)
    }
}
