import Server
import Sessions
import Text

private let idPrefix = "conv_"

extension SessionKey {
    /// The id of the conversation that the session is.
    var conversationID: String {
        guard let session = UnnamedSession(self), session.kind == .conversation else { return description }
        return idPrefix + session.name
    }
}

extension RequestContext {
    /// The session of a conversation: the one that its id stands for, or the one that has it for its key.
    ///
    /// - Throws: `APIError` if the caller may not see it, or there can be none.
    func conversation(_ id: String, param: String? = nil) throws(APIError) -> SessionKey {
        if id.hasPrefix(idPrefix) {
            // Those of others look as if they did not exist.
            guard let key = UnnamedSession(.conversation, name: id.dropFirst(idPrefix.count))?.key, covers(key) else {
                throw .conversationNotFound(param: param)
            }
            return key
        }
        guard let key = try? SessionKey(id) else {
            throw .invalidValue("A conversation is an id conv_…, or a session's key", param: param ?? "id")
        }
        try expectCovered(key)
        return key
    }
}

extension APIError {
    static func conversationNotFound(param: String? = nil) -> APIError {
        APIError(status: 404, code: "not_found", message: "Conversation not found", param: param)
    }
}
