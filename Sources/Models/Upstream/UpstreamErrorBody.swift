import Chat
import FoundationEssentials
import JSON

/// What an upstream says went wrong, in any of the shapes that are about.
struct UpstreamErrorBody: Equatable {
    /// In its words.
    var message: String?
    /// The parameter that it does not like.
    var param: String?
    /// Its code, where that is an HTTP status.
    var status: Int?

    /// Reads the body of an error; nil where that is not JSON that says something.
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

    /// Reads the value of `error`: an object, or only a text.
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

    /// Google's endpoint wraps the object in an array: in one, or an array of arrays would take the stack.
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
                // FastAPI's: a text, or a list of what is wrong.
                errorBody = try? container.decode(UpstreamErrorBody.self, forKey: .detail)
            }
        }
    }
}
