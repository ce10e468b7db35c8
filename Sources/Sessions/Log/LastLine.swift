import Files
import SystemPackage

/// The last line of a session's file, as far as its id. It tells the file from another one of the same inode, size and time of modification,
/// which can all repeat: a session may be deleted and made again within a tick of the file system's clock. A turn's id cannot.
struct LastLine: Sendable, Equatable {
    private var start: Int
    /// The first bytes, which have its id.
    private(set) var beginning: [UInt8]
    /// The last bytes, which have the digest of the request's body.
    private var ending: [UInt8]

    /// The most bytes that are kept of a line. Ids of imported turns may be longer; then two of them may be taken for one.
    private static let length = 128

    /// - Parameter start: where the line begins in its file.
    init(_ line: [UInt8], at start: Int) {
        (self.start, beginning, ending) = (start, Array(line.prefix(Self.length)), Array(line.suffix(Self.length)))
    }

    /// Reads the last line before a file's `end`.
    init(of file: borrowing SessionFile) throws(SessionError) {
        let start = try file.lastIndex(in: 0..<file.end, SessionFile.lastLineFeed).map { $0 + 1 } ?? 0
        self.start = start
        beginning = try file.read(start..<min(file.end, start + Self.length))
        ending = try file.read(max(start, file.end - Self.length)..<file.end)
    }

    /// True if it is the turn of a request with this body.
    func isOfRequest(_ origin: Turn.Origin) -> Bool { ending.ends(with: origin.lineEnd) }

    /// True if the line stands at the same place in a file.
    func isIn(_ file: borrowing SessionFile) throws(SessionError) -> Bool {
        try file.read(start..<start + beginning.count) == beginning
    }
}

extension Turn.Origin {
    /// How the lines of turns end whose requests have this body.
    var lineEnd: String { "\"body_sha256\":\"\(bodySHA256)\"}}" }
}

extension BidirectionalCollection<UInt8> {
    func ends(with text: String) -> Bool { suffix(text.utf8.count).elementsEqual(text.utf8) }
}
