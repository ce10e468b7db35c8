import CGI
import Sessions

extension Request {
    /// The session that `x-session-key` names.
    func sessionKey() throws -> SessionKey {
        guard let header = header("x-session-key") else { throw APIError.missingSessionKey }
        return try SessionKey(header)
    }

    /// All of the body.
    func completeBody(limit: Int) throws(APIError) -> [UInt8] {
        switch body {
        case .complete(let bytes): return bytes
        case .tooLarge: throw .requestTooLarge(limit: limit)
        case .incomplete: throw .invalidJSON
        }
    }
}
