import Chat
import JSON
import Text

/// An upstream's error, in any of the common forms.
struct UpstreamErrorBody: Equatable {
    var message: String?
    /// The parameter that the upstream refuses.
    var param: String?
    /// The error's code, if it is an HTTP status.
    var status: Int?

    /// An error without any details.
    init() {}

    /// Reads the body of an error response; nil if it is not JSON of a known form.
    init?(_ body: [UInt8]) {
        guard var body = try? JSONField(parsing: body).value else { return nil }
        // Google's endpoint wraps the object in an array. Only one level is read.
        if let first = body.elements?.first { body = first }
        if let errorBody = body.member("error").flatMap(Self.init(value:)) {
            self = errorBody
        } else if body.member("message") != nil {
            self.init(value: body)
        } else {
            // FastAPI sends a string or a list of problems.
            guard let errorBody = body.member("detail").flatMap(Self.init(value:)) else { return nil }
            self = errorBody
        }
    }

    /// Reads the value of `error`: an object or a string.
    init?(value: JSONValue) {
        if let text = value.string {
            message = text
            return
        }
        guard value.isObject else { return nil }
        message = value.member("message")?.string
        param = value.member("param")?.string
        status = value.member("code")?.wholeNumber.flatMap { 400...599 ~= $0 ? $0 : nil }
    }
}
