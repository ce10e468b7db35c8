import Chat
import Files
import FoundationEssentials
import Glibc
import JSON
import SystemPackage
import Text

/// A session's open file, as FORMAT.md describes it.
///
/// Whoever changes it holds the session's lock. Reading needs no lock: everything before `end` stays as it is under this descriptor,
/// because an append overwrites the closing only, and every other change writes a new file and renames it.
struct SessionFile: ~Copyable {
    static let format = formatName + "1"
    /// The beginning of the names of all versions of the format.
    static let formatName = "nanobot-session/"
    /// The end of every file, which an append overwrites.
    static let closing = Array("\n]}\n".utf8)
    /// In bytes. Files have no limit, but their lines do, as a line is held in memory.
    static let longestLine = 256 << 20

    /// The members of a file's first line.
    struct Header: Decodable {
        var format: String
        var key: String
        var createdAt: String

        enum CodingKeys: String, CodingKey {
            case format
            case key
            case createdAt = "created_at"
        }
    }

    let file: File
    let path: FilePath
    let key: SessionKey
    /// The file's status when it was opened.
    let opened: FileStatus
    /// The offset of the closing. Set by `recover`, `assumeIntact` and `assumeTorn`.
    var end = 0
    /// True if an append could not be synced.
    private(set) var hasFailedToSync = false

    /// Opens a session's file; nil if there is none. Throws `unreadable` if it is a directory, a FIFO or a device.
    init?(_ path: FilePath, key: SessionKey, isWritable: Bool = true, in system: any FileSystem) throws(SessionError) {
        guard let file = try Self.open(path, isWritable: isWritable, in: system) else { return nil }
        let opened = try attempt("open \(path)") { () throws(Errno) in try file.status() }
        guard opened.isRegular else { throw Self.notRegular(path) }
        self.file = file
        self.opened = opened
        self.path = path
        self.key = key
    }

    private static func open(_ path: FilePath, isWritable: Bool, in system: any FileSystem) throws(SessionError) -> File? {
        do throws(Errno) {
            return try File(path, isWritable ? O_RDWR : O_RDONLY, in: system)
        } catch {
            // ENXIO and ENODEV: a socket, or a device without a driver.
            if [.isDirectory, Errno(rawValue: ENXIO), Errno(rawValue: ENODEV)].contains(error) { throw notRegular(path) }
            guard error == .noSuchFileOrDirectory else { throw SessionError("open \(path)", error) }
            try attempt("open \(path)") { () throws(Errno) in try system.checkDirectory(of: path) }
            return nil
        }
    }

    private static func notRegular(_ path: FilePath) -> SessionError { SessionError(.unreadable, "\(path) is not a regular file") }

    /// The file's first line, without the line feed.
    ///
    /// - Parameter length: the number of bytes that it has at least; spaces before the last member fill it.
    static func header(_ key: SessionKey, createdAt: String, length: Int = 0) -> [UInt8] {
        let (start, end) = (headerObject(key, createdAt: createdAt).dropLast(), Array(#","turns":["#.utf8))
        return start + [UInt8](repeating: UInt8(ascii: " "), count: max(0, length - start.count - end.count)) + end
    }

    /// The number of bytes before the first line feed.
    func headerLength() throws(SessionError) -> Int { try read(0..<4096).prefix { $0 != UInt8(ascii: "\n") }.count }

    /// The members of the first line as an object of their own.
    static func headerObject(_ key: SessionKey, createdAt: String) -> [UInt8] {
        let members: JSONValue = [
            "format": .string(format), "key": .string(key.description), "created_at": .string(createdAt),
        ]
        return members.serialized
    }

    func status() throws(SessionError) -> FileStatus {
        try attempt("read \(path)") { () throws(Errno) in try file.status() }
    }

    func read(_ range: Range<Int>) throws(SessionError) -> [UInt8] {
        try attempt("read \(path)") { () throws(Errno) in try file.read(range) }
    }

    /// Prepares the file for reading and appending: checks that it is whole and belongs to this session, and repairs a torn tail. The
    /// caller holds the session's lock.
    mutating func recover(quarantine: Quarantine) throws(SessionError) {
        let size = opened.size
        try checkHeader()
        if try endsWhole(size) { assumeIntact(size: size) } else { try repairTail(size: size, quarantine: quarantine) }
    }

    /// Like `recover`, but changes nothing and so needs no lock. False if the tail is torn or being written.
    mutating func assumeIntactIfWhole() throws(SessionError) -> Bool {
        let size = opened.size
        try checkHeader()
        guard try endsWhole(size) else { return false }
        assumeIntact(size: size)
        return true
    }

    /// Sets `end` to that of the last whole turn, before a torn tail, and changes nothing. False if a turn in the tail can still be read.
    mutating func assumeTorn() throws(SessionError) -> Bool {
        let tail = try lastWholeEnd(size: opened.size)
        guard tail.separatedLine == nil else { return false }
        end = tail.end
        return true
    }

    /// Sets `end` without a look at the file, which is known to be whole. It may be shorter by now, if somebody ignores the locks.
    mutating func assumeIntact(size: Int) {
        end = max(0, size - Self.closing.count)
    }

    /// Appends a line with one write, and returns its offset. If that fails, the file is as it was, unless the outcome is unknown.
    mutating func append(_ line: [UInt8], synchronizes: Bool) throws(SessionError) -> Int {
        guard line.count <= Self.longestLine else { throw SessionError.turnTooLong }
        // Only the header's line ends in "[" here: a session without turns.
        let isFirst = try read(end - 1..<end) == [UInt8(ascii: "[")]
        let separator = Array((isFirst ? "\n" : ",\n").utf8)
        do throws(Errno) {
            try file.write(separator + line + Self.closing, at: end)
            if synchronizes {
                hasFailedToSync = true
                try file.synchronize()
                hasFailedToSync = false
            }
        } catch {
            throw takenBack(SessionError("write to \(path)", error), synchronizes: synchronizes)
        }
        let start = end + separator.count
        end = start + line.count
        return start
    }

    /// Puts the closing back in the place of a line that could not be appended.
    private func takenBack(_ failure: SessionError, synchronizes: Bool) -> SessionError {
        do throws(Errno) {
            // The file already has the closing's bytes, so this needs no room.
            try file.truncate(to: end + Self.closing.count)
            try file.write(Self.closing, at: end)
            if synchronizes { try file.synchronize() }
            return failure
        } catch {
            // The next open recovers the file. It may find the line.
            return failure.withUnknownOutcome
        }
    }

    /// The first line's members. Throws `unreadable` if it is not a session's, and `newerFormat` if a later version wrote it.
    func header() throws(SessionError) -> Header { try Self.header(in: file, path) }

    static func header(in file: borrowing File, _ path: FilePath) throws(SessionError) -> Header {
        // A key of 512 bytes takes at most 3,072, if each byte is escaped.
        let start = try attempt("read \(path)") { () throws(Errno) in try file.read(0..<4096) }
        let line = start.prefix { $0 != UInt8(ascii: "\n") }
        if let header = try? ValueDecoder().read(Header.self, from: line + Array("]}".utf8)), header.format == format { return header }
        // An unknown version may have other members, and the file another layout.
        let visible = start.filter { $0 > 0x20 }
        let opening = Array("{\"format\":\"".utf8)
        var version: [UInt8] = []
        if visible.starts(with: opening) { version = Array(visible.dropFirst(opening.count).prefix { $0 != UInt8(ascii: "\"") }) }
        if version.isEmpty { version = Array((try looseHeader(in: file, path)?.format ?? "").utf8) }
        if version.starts(with: formatName.utf8), !version.elementsEqual(format.utf8) {
            let number = String(decoding: version.dropFirst(formatName.utf8.count).prefix(16), as: UTF8.self)
            throw SessionError(.newerFormat, "\(path) has version \(number) of the format; this program reads \(format)")
        }
        throw SessionError(.unreadable, "\(path) does not begin as a session does")
    }

    private func checkHeader() throws(SessionError) { try checkOwner(try header().key) }

    /// Throws `newerFormat`, or `unreadable` if the file says that it is another session's. It may say nothing.
    func checkOwner() throws(SessionError) {
        do throws(SessionError) {
            try checkHeader()
        } catch {
            guard error.code == .unreadable else { throw error }
            if let key = try Self.looseHeader(in: file, path)?.key { try checkOwner(key) }
        }
    }

    private func checkOwner(_ owner: String) throws(SessionError) {
        guard owner == key.description else {
            throw SessionError(.unreadable, "\(path) belongs to another session key")
        }
    }
}
