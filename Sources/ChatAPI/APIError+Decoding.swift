import FoundationEssentials

extension Decodable {
    /// Reads a request's body. Every failure is an `APIError`.
    init(jsonBody body: [UInt8]) throws {
        // JSONDecoder looks at strings only when they are asked for; the whole body has to be UTF-8.
        guard String(validating: body, as: UTF8.self) != nil else { throw APIError.invalidJSON }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(body))
        } catch let error as DecodingError {
            throw APIError(error)
        }
    }
}

extension APIError {
    /// What is wrong with a body, and where.
    init(_ error: DecodingError) {
        let path: [any CodingKey]
        let expectation: String
        switch error {
        case .typeMismatch(let type, let context), .valueNotFound(let type, let context):
            (path, expectation) = (context.codingPath, "must be \(Self.name(type))")
        case .keyNotFound(let key, let context):
            (path, expectation) = (context.codingPath + [key], "is required")
        case .dataCorrupted:
            (path, expectation) = ([], "")
        @unknown default:
            (path, expectation) = ([], "")
        }
        let param = Self.param(path)
        switch path.first?.stringValue {
        case nil: self = .invalidJSON
        case "messages": self = path.count == 1 ? .invalidMessages() : .invalidMessages("\(param) \(expectation)", param: param)
        default: self = .invalidValue("\(param) \(expectation)", param: param)
        }
    }

    /// A path such as `messages[0].content`.
    static func param(_ path: [any CodingKey]) -> String {
        path.reduce("") { text, key in
            if let index = key.intValue { return "\(text)[\(index)]" }
            return text.isEmpty ? key.stringValue : "\(text).\(key.stringValue)"
        }
    }

    private static func name(_ type: Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "a boolean"
        case is Double.Type: "a number"
        case is [Any].Type: "an array"
        default: "an object"
        }
    }
}
