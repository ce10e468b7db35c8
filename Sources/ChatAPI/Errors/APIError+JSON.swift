package import JSON
package import Logging
package import Server

extension JSONField {
    /// Reads the body of a request.
    ///
    /// - Throws: `invalid_json` unless it is a JSON object.
    init(requestBody: [UInt8], leniency: JSONLeniency = .strict) throws(APIError) {
        do throws(JSONSyntaxError) {
            try self.init(parsing: requestBody, leniency: leniency)
        } catch {
            throw .invalidJSON
        }
        guard case .object = value else { throw .invalidJSON }
    }
}

extension JSONFieldError: APIErrorConvertible {
    package var apiError: APIError {
        path.utf8.starts(with: "messages".utf8)
            ? .invalidMessages(description, param: path) : .invalidValue(description, param: path)
    }

    package var logLevel: Logger.Level? { nil }
}
