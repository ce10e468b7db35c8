import Access
import CGI
import Server
import Sessions
import Text

/// `GET /v1/session/export`: the whole session, as a file to keep.
struct ExportSession: Endpoint {
    let service: ChatService
    let method = "GET"
    let path = "/v1/session/export"
    let admission = Admission.permitted(.export)

    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let key = try context.sessionKey()
        guard let format = ExportFormat(text: context.request.query("format") ?? ExportFormat.json.rawValue) else {
            let formats = ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")
            throw APIError.invalidValue("format must be one of \(formats)", param: "format")
        }
        let headers = [
            (name: "Content-Type", value: format.contentType),
            (name: "Content-Disposition", value: "attachment; filename=\"session-\(Self.fileName(key)).\(format.fileExtension)\""),
        ]
        // A short session is sent at once. Of a long one no more than a chunk is in memory.
        var waiting: [UInt8]?
        try await service.sessions.export(key, as: format) { chunk in
            if let waiting {
                writer.begin(status: 200, headers: headers)
                try await writer.write(waiting)
            }
            waiting = chunk
        }
        let last = waiting ?? []
        if writer.status == nil {
            try await writer.send(Response(status: 200, headers: headers, body: last))
        } else {
            try await writer.write(last, isLast: true)
        }
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
