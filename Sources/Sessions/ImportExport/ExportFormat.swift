import Chat
import JSON

/// A format in which a session can be exported.
package enum ExportFormat: String, CaseIterable, Sendable {
    /// The session file as it is.
    case json
    /// One object a line: the header, then each turn and summary.
    case jsonl
    /// A document for people.
    case markdown
}

extension SessionStore {
    /// Passes a session, as it is now, to `write` in chunks of about 64 KiB, or of one turn if that is longer.
    ///
    /// - Throws: `SessionError`, for example `notFound`, and what `write` throws.
    package func export(_ key: SessionKey, as format: ExportFormat, to write: ([UInt8]) throws -> Void) async throws {
        try await withExistingSession(key) { file in
            var chunk: [UInt8] = []
            func add(_ bytes: some Sequence<UInt8>) throws {
                chunk += bytes
                guard chunk.count >= 1 << 16 else { return }
                try write(chunk)
                chunk.removeAll(keepingCapacity: true)
            }
            switch format {
            case .json:
                try add(SessionFile.header(key, createdAt: try file.header().createdAt))
                var separator = "\n"
                try file.readLines { line, _ in
                    try add(separator.utf8)
                    try add(line)
                    separator = ",\n"
                }
                try add(SessionFile.closing)
            case .jsonl:
                try add(SessionFile.headerObject(key, createdAt: try file.header().createdAt))
                try file.readLines { line, _ in
                    try add("\n".utf8)
                    try add(line)
                }
                try add("\n".utf8)
            case .markdown:
                try add(MarkdownExport.head(try file.summary()).utf8)
                let decoder = ValueDecoder()
                try file.readLines { line, _ in
                    // The document has the turns that a summary covers.
                    guard !SessionFile.isSummary(line) else { return }
                    guard let turn = SessionFile.turn(in: line, decoder) else { throw file.unreadableLine }
                    try add(turn.markdown.utf8)
                }
            }
            if !chunk.isEmpty { try write(chunk) }
        }
    }
}
