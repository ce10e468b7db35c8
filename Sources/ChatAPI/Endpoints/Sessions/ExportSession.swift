import CGI
import Server
import Sessions
import Text

/// `GET /v1/session/export`: the whole session, as a file to keep.
struct ExportSession: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/session/export"

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        guard let format = ExportFormat(text: context.request.query("format") ?? ExportFormat.json.rawValue) else {
            let formats = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalidValue("format must be one of \(formats)", param: "format")
        }
        // Collected first, so that an unreadable session is an error response and not half a file.
        var body: [UInt8] = []
        try await service.sessions.export(key, as: format) { body += $0 }
        try await writer.send(
            Response(
                status: 200,
                headers: [
                    ("Content-Type", format.contentType),
                    ("Content-Disposition", "attachment; filename=\"session-\(Self.fileName(key)).\(format.fileExtension)\""),
                ], body: body))
    }

    /// A name that every system accepts: characters other than ASCII letters, digits and `._-` become `_`.
    private static func fileName(_ key: SessionKey) -> String {
        key.description.unicodeScalars.prefix(100).reduce(into: "") { name, scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", ".", "_", "-": name.unicodeScalars.append(scalar)
            default: name += "_"
            }
        }
    }
}

extension ExportFormat {
    fileprivate var contentType: String {
        switch self {
        case .json: "application/json"
        case .jsonl: "application/jsonl"
        case .markdown: "text/markdown; charset=utf-8"
        }
    }

    fileprivate var fileExtension: String { self == .markdown ? "md" : rawValue }
}
