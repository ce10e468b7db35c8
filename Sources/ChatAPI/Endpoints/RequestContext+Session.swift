import CGI
import Server
import Sessions

extension RequestContext {
    /// The session that `x-session-key` names.
    ///
    /// - Throws: `APIError` without the header, `SessionError` if it is no key.
    func sessionKey() throws -> SessionKey {
        guard let header = request.header("x-session-key") else { throw APIError.missingSessionKey }
        let key = try SessionKey(header)
        record.note(session: key.description)
        return key
    }
}
