import Chat
import FoundationEssentials
import JSON

/// An upstream's error, in any of the common forms.
struct UpstreamErrorBody: Equatable {
    var message: String?
    /// The parameter that the upstream refuses.
    var param: String?
    /// The error's code, if it is an HTTP status.
    var status: Int?

    /// Reads the body of an error response; nil if it is not JSON of a known form.
    init?(_ body: [UInt8]) {
        let (decoder, text) = (JSONDecoder(), body[...])
        guard let body = (try? decoder.read(Body.self, from: text)) ?? (try? decoder.read(Wrapped.self, from: text))?.body,
            let errorBody = body.errorBody
        else { return nil }
        self = errorBody
    }
}

extension UpstreamErrorBody: Decodable {
    private enum CodingKeys: String, CodingKey {
        case message
        case param
        case code
    }

    /// Reads the value of `error`: an object or a string.
    init(from decoder: any Decoder) throws {
        if let text = try? decoder.singleValueContainer().decode(String.self) {
            self.message = text
            return
        }
        let container = try decoder.container(keyedBy: CodingKeys.self)
        message = try? container.decode(String.self, forKey: .message)
        param = try? container.decode(String.self, forKey: .param)
        status = (try? container.decode(Int.self, forKey: .code)).flatMap { 400...599 ~= $0 ? $0 : nil }
    }

    /// Google's endpoint wraps the object in an array. Only one level is read: arrays of arrays would exhaust the stack.
    private struct Wrapped: Decodable {
        var body: Body

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            body = try list.decode(Body.self)
        }
    }

    private struct Body: Decodable {
        var errorBody: UpstreamErrorBody?

        private enum CodingKeys: String, CodingKey {
            case error
            case message
            case detail
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            if let errorBody = try? container.decode(UpstreamErrorBody.self, forKey: .error) {
                self.errorBody = errorBody
            } else if container.contains(.message) {
                errorBody = try UpstreamErrorBody(from: decoder)
            } else {
                // FastAPI sends a string or a list of problems.
                errorBody = try? container.decode(UpstreamErrorBody.self, forKey: .detail)
            }
        }
    }
}
