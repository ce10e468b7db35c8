import Chat
import JSON
import Text

/// An upstream's error, in any of the common forms.
struct UpstreamErrorBody: Equatable {
    var message: String?
    /// The parameter that the upstream refuses.
    var param: String?
    /// The upstream's word for the error, such as `context_length_exceeded`.
    var code: String?
    var type: String?
    /// The error's code, if it is an HTTP status.
    var status: Int?

    /// An error without any details.
    init() {}

    /// Reads the body of an error response; nil if it is not JSON of a known form.
    init?(_ body: [UInt8]) {
        guard var body = try? JSONField(parsing: body, leniency: .anyText).value else { return nil }
        // Google's endpoint wraps the object in an array. Only one level is read.
        if let first = body.elements?.first { body = first }
        guard body.isObject else { return nil }
        guard let errorBody = body.member("error").flatMap(Self.init(error:)) ?? Self(spread: body) else { return nil }
        self = errorBody
        // Some put a word into `error`, and the sentence beside it.
        if let word = body.member("error")?.string, let beside = Self(spread: body)?.message, beside != word {
            (code, message) = (word, beside)
        }
    }

    /// Reads the error in a response with status 200; nil if there is none.
    init?(reportedIn response: JSONValue) {
        if let errorBody = response.member("error").flatMap(Self.init(error:)) {
            self = errorBody
            return
        }
        let isError = [response.member("object"), response.member("type")].contains { $0?.string == "error" }
        let hasSign = ["code", "error_code", "detail", "errors"].contains { response.member($0).map { !$0.isNull } ?? false }
        guard isError || response.member("choices") == nil && hasSign, let errorBody = Self(spread: response) else { return nil }
        self = errorBody
    }

    /// Reads the value of `error`: an object or a string.
    init?(error value: JSONValue) {
        if value.isObject {
            self.init(members: value)
        } else {
            guard let text = value.string, !text.isEmpty else { return nil }
            self.init()
            message = text
        }
    }

    /// Reads an object whose own members are the error's; nil if none of them says what went wrong.
    private init?(spread value: JSONValue) {
        self.init(members: value)
        if message == nil { return nil }
    }

    private init(members value: JSONValue) {
        if let words = Self.words(value, depth: 0) { (message, param) = words }
        // OpenRouter has the words of its own upstream here.
        if let raw = value.member("metadata")?.member("raw")?.string { message = (message.map { $0 + ": " } ?? "") + raw }
        param = value.member("param")?.string ?? param
        type = value.member("type")?.string
        let number = [value.member("code"), value.member("status"), value.member("error_code")].lazy.compactMap { $0 }
        status = number.compactMap { $0.wholeNumber ?? $0.string.flatMap { Int($0) } }.first { 400...599 ~= $0 }
        let notCodes = ["", "error", "fail", "failed", status.map { String($0) } ?? ""]
        code = number.compactMap { $0.string ?? $0.wholeNumber.map { String($0) } }.first { !notCodes.contains($0) }
    }

    /// Where the words are, in this order.
    private static let names = [
        "message", "msg", "detail", "error_description", "error_msg", "errorMessage", "Message", "errors", "error", "title",
    ]

    /// What a value says, and about which parameter.
    private static func words(_ value: JSONValue, depth: Int) -> (String?, param: String?)? {
        guard depth <= 4 else { return nil }
        switch value {
        case .string(let text): return text.isEmpty ? nil : (text, nil)
        case .array(let elements):
            let words = elements.prefix(5).compactMap { self.words($0, depth: depth + 1) }
            return words.first.map { first in (words.compactMap(\.0).joined(separator: "; "), first.param) }
        case .object:
            let said = names.lazy.compactMap { name in value.member(name).flatMap { words($0, depth: depth + 1) } }.first
            guard let (text, param) = said else { return nil }
            // FastAPI says where, as in ["body", "messages", 0, "content"].
            guard let place = value.member("loc")?.elements.map(path) else { return (text, param) }
            return (text.map { place.isEmpty ? $0 : "\(place): \($0)" }, place.isEmpty ? nil : place)
        default: return nil
        }
    }

    private static func path(_ steps: [JSONValue]) -> String {
        steps.prefix(16).reduce(into: "") { path, step in
            if let index = step.wholeNumber {
                path += "[\(index)]"
            } else if let name = step.string, name != "body" {
                path += (path.isEmpty ? "" : ".") + name
            }
        }
    }
}
