import Glibc

/// What a responder says about the doctor's request as it arrived.
struct ProbeReport: Decodable {
    var object: String
    /// The digest of the session header; nil if it did not arrive.
    var sessionKey: String?
    /// The digest of `Authorization`; nil if it did not arrive.
    var authorization: String?
    var query: String?
    var webServer: String?
    var documentRoot: String?
    var contextDocumentRoot: String?
    /// The user that the responder runs as.
    var user: uid_t
    /// True if the setting `stream` is on.
    var streams: Bool

    private enum CodingKeys: String, CodingKey {
        case object
        case sessionKey = "session_key"
        case authorization
        case query
        case webServer = "web_server"
        case documentRoot = "document_root"
        case contextDocumentRoot = "context_document_root"
        case user
        case streams
    }
}
