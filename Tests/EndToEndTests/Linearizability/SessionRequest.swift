/// A request about one session, as a web server hands it on (RFC 3875, section 4.1).
struct SessionRequest: Sendable {
    var method = "GET"
    var path = "/v1/session"
    var query = ""
    var session: String
    var idempotencyKey: String?
    var body: [UInt8] = []

    var metaVariables: [(String, String)] {
        [
            ("REQUEST_METHOD", method), ("SCRIPT_NAME", ""), ("PATH_INFO", path), ("QUERY_STRING", query),
            ("CONTENT_LENGTH", "\(body.count)"), ("CONTENT_TYPE", "application/json"), ("HTTP_X_SESSION_KEY", session),
        ] + (idempotencyKey.map { [("HTTP_IDEMPOTENCY_KEY", $0)] } ?? [])
    }

    /// What asks the API for an action.
    ///
    /// - Parameter id: gives the id of a turn.
    init(_ action: Operation.Action, of session: String, id: (Int) -> String?) {
        self.session = session
        switch action {
        case .chat(let question, let isKeyed):
            (method, path, body) = ("POST", Server.chatPath, Server.body(question))
            idempotencyKey = isKeyed ? "key of \(question)" : nil
        case .undo: (method, path) = ("POST", "/v1/session/undo")
        case .delete: method = "DELETE"
        case .fork(let target): (method, path, body) = ("POST", "/v1/session/fork", Array(#"{"to":"\#(target)"}"#.utf8))
        case .read: path = "/v1/session/export"
        case .page(let limit, let before): query = "limit=\(limit)" + (before.flatMap(id).map { "&before=\($0)" } ?? "")
        }
    }
}

extension HTTPResponse {
    /// Reads a response as a CGI program writes it (RFC 3875, section 6).
    init(cgi bytes: [UInt8]) throws {
        let name = Array("Status:".utf8)
        guard bytes.starts(with: name) else { throw Malformed(bytes: String(decoding: bytes, as: UTF8.self)) }
        self = try HTTPResponse(Array("HTTP/1.1".utf8) + bytes.dropFirst(name.count))
    }
}
