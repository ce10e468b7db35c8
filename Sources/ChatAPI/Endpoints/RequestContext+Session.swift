import CGI
import Server
import Sessions

extension RequestContext {
    /// The session that `x-session-key` names.
    ///
    /// - Throws: `APIError` if the header is missing or sent twice, `SessionError` if it is not a valid key.
    func sessionKey() throws -> SessionKey {
        guard let header = request.header("x-session-key") else { throw APIError.missingSessionKey }
        // Together they would be one key, of which nginx's rules and limits see the first part.
        guard !request.isRepeated("x-session-key") else { throw APIError.repeatedSessionKey }
        let key = try SessionKey(header)
        record.note(session: key.description)
        return key
    }
}
