import CGI
import Foundation
import JSON
import Server
import Testing

/// Checks an error response against the API's error table.
///
/// - Parameter method: the request's; the response to HEAD has no body.
func expectError(
    _ response: Response, _ status: Int, _ code: String, param: String? = nil, method: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
) {
    struct Body: Decodable {
        struct Fields: Decodable {
            var message: String
            var type: String
            var param: String?
            var code: String
        }
        var error: Fields
    }
    #expect(response.status == status, "\(response.text)", sourceLocation: sourceLocation)
    #expect(response.header("content-type") == "application/json", sourceLocation: sourceLocation)
    #expect(response.header("x-request-id") != nil, sourceLocation: sourceLocation)
    guard method != "HEAD" else { return #expect(response.bytes.isEmpty, sourceLocation: sourceLocation) }
    let error = (try? JSONDecoder().decode(Body.self, from: Data(response.bytes)))?.error
    #expect(error?.code == code, sourceLocation: sourceLocation)
    #expect(error?.param == param, sourceLocation: sourceLocation)
    #expect(error?.type == (status >= 500 ? "server_error" : "invalid_request_error"), sourceLocation: sourceLocation)
    #expect(error?.message.isEmpty == false, sourceLocation: sourceLocation)
}

/// What a client gets to know of the error that is thrown.
func apiError(sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> some Any) -> APIError? {
    do {
        _ = try body()
        Issue.record("nothing is thrown", sourceLocation: sourceLocation)
    } catch {
        #expect(error is any APIErrorConvertible, sourceLocation: sourceLocation)
        return (error as? any APIErrorConvertible)?.apiError
    }
    return nil
}
