import Chat
import Files
import JSON
import Text

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
    package func export(_ key: SessionKey, as format: ExportFormat, to write: ([UInt8]) async throws -> Void) async throws {
        try await withExistingSession(key) { file in
            var (chunk, position) = try await withTaskExecutorPreference(reading) { try exportHead(of: file, as: format) }
            while position < file.end {
                // Each chunk is read by itself, so that others can read meanwhile, and a slow client holds no thread.
                let (lines, next) = try await withTaskExecutorPreference(reading) { [position] in
                    let (lines, next) = try file.lines(from: position)
                    return (try Self.exported(lines, of: file, as: format), next)
                }
                position = next
                if chunk.count + lines.count > 1 << 16 {
                    try await write(chunk)
                    chunk = []
                }
                chunk += lines
            }
            try await write(chunk + (format == .json ? SessionFile.closing : format == .jsonl ? [UInt8(ascii: "\n")] : []))
        }
    }

    /// What stands before the first line, and where that begins.
    private func exportHead(of file: borrowing SessionFile, as format: ExportFormat) throws -> (head: [UInt8], next: Int) {
        let header = try file.read(0..<(try file.headerLength()))
        let next = min(header.count + 1, file.end)
        switch format {
        case .json: return (header + (next > header.count ? [UInt8(ascii: "\n")] : []), next)
        case .jsonl:
            let object = SessionFile.headerObject(file.key, createdAt: try file.header().createdAt)
            return (object + (next > header.count ? [UInt8(ascii: "\n")] : []), next)
        case .markdown: return (Array(MarkdownExport.head(try summary(file)).utf8), next)
        }
    }

    /// Lines of the file as a format has them.
    private static func exported(
        _ lines: ArraySlice<UInt8>, of file: borrowing SessionFile, as format: ExportFormat
    ) throws -> [UInt8] {
        guard format != .json else { return Array(lines) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(lines.count)
        let decoder = ValueDecoder()
        for line in lines.split(separator: UInt8(ascii: "\n")) {
            if format == .jsonl {
                let isLast = line.endIndex == lines.endIndex
                bytes += line.last == UInt8(ascii: ",") ? line.dropLast() : line
                if !isLast { bytes.append(UInt8(ascii: "\n")) }
            } else if !SessionFile.isSummary(line) {
                // The document has the turns that a summary covers.
                guard let turn = SessionFile.turn(in: line, decoder) else { throw file.unreadableLine }
                bytes += turn.markdown.utf8
            }
        }
        return bytes
    }
}
