import Access
import CGI
import Server
import Sessions
import Text

extension RequestContext {
    /// The session that `x-session-key` or the path names, or that a visitor of a web page has.
    ///
    /// - Throws: `APIError` if there is no key, or more than one, `SessionError` if it is not a valid key.
    func sessionKey() throws -> SessionKey {
        guard let key = try namedSession() else { throw APIError.missingSessionKey }
        return key
    }

    /// The same; nil if there is no key.
    func namedSession() throws -> SessionKey? {
        // Together they would be one key, of which nginx's rules and limits see the first part.
        guard !request.isRepeated("x-session-key") else { throw APIError.repeatedSessionKey }
        let header = request.header("x-session-key")
        if let path = sessionInPath {
            guard !path.unicodeScalars.contains("\u{fffd}") else { throw APIError.invalidSessionPath }
            // Web servers may be set up to send a header that the client did not.
            guard header == nil || header == "" || header == path else { throw APIError.otherSessionInPath }
        }
        let own = ownSession
        guard let text = sessionInPath ?? (header == "" ? own ?? header : header) ?? own else { return nil }
        let key = try SessionKey(text)
        record.note(session: key.description)
        try expectCovered(key)
        return key
    }

    /// Fails unless the caller may use the session, whether it exists or not.
    func expectCovered(_ key: SessionKey) throws(APIError) {
        guard covers(key) else { throw .sessionNotAllowed }
    }

    /// Whether the caller may use the session.
    func covers(_ key: SessionKey) -> Bool {
        if let ownSession { return ownSession == key.description }
        guard let apiKey else { return true }
        return apiKey.covers(session: key.description) || UnnamedSession(key).map { $0.owner == sessionOwner } ?? false
    }

    /// Who may use the unnamed sessions that the caller begins.
    var sessionOwner: String { apiKey.map { UnnamedSession.owner(of: $0.id) } ?? UnnamedSession.everybody }

    /// The only session of a visitor of a web page; nil for other callers.
    private var ownSession: String? { visitor.flatMap { apiKey?.session(of: $0) } }

    /// The model that a request asks for.
    ///
    /// - Parameter name: as the request has it; nil if it names none.
    /// - Throws: `APIError` if there is none of that name, if the request has to name one, or if the caller may not use it.
    func model(_ name: String?, of service: ChatService) throws(APIError) -> ModelCatalog.Entry {
        guard name != nil || !service.settings.requiresModel else { throw .invalidValue("model is required", param: "model") }
        let entry = try service.models.entry(for: name)
        try expectPermitted(model: entry.id)
        return entry
    }

    /// Fails unless the caller may use the model.
    func expectPermitted(model: String) throws(APIError) {
        guard apiKey?.permits(model: model) ?? true else {
            throw APIError(
                status: 403, code: "model_not_allowed", message: "This API key may not use the model '\(model)'", param: "model")
        }
    }
}
