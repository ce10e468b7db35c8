import Chat
import FoundationEssentials
import Glibc
import JSON
import SystemPackage

/// One session's file, open.
///
/// Whoever changes it holds the session's lock. Reading needs none: everything before `end` stays as it is under this descriptor, since
/// an append overwrites the closing only, and every other change writes a new file and renames it in.
struct SessionFile: ~Copyable {
    static let format = "nanobot-session/1"
    /// What ends every file; an append overwrites it.
    static let closing = Array("\n]}\n".utf8)
    /// The longest line, in bytes: a file may be as long as it likes, and no line of it is held that is longer.
    static let longestLine = 256 << 20

    /// What a file's first line says.
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
    /// Where the closing begins. Set by `settle`.
    var end = 0

    /// Opens a session's file. Nil if there is none.
    init?(_ path: FilePath, key: SessionKey, isWritable: Bool = true, in system: any FileSystem) throws(SessionError) {
        do throws(Errno) {
            file = try File(path, isWritable ? O_RDWR : O_RDONLY, in: system)
        } catch {
            guard error == .noSuchFileOrDirectory else { throw SessionError("open \(path)", error) }
            try attempt("open \(path)") { () throws(Errno) in try system.checkDirectory(of: path) }
            return nil
        }
        self.path = path
        self.key = key
    }

    /// The file's first line, without the line feed.
    static func header(_ key: SessionKey, createdAt: String) -> [UInt8] {
        headerObject(key, createdAt: createdAt).dropLast() + Array(#","turns":["#.utf8)
    }

    /// What the first line says, as an object of its own.
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

    /// Makes the file ready to be read and appended to: checks that it is this session's and whole, and mends a torn tail. The caller
    /// holds the session's lock.
    mutating func recover(quarantine: Quarantine) throws(SessionError) {
        let size = try status().size
        try checkHeader()
        if try endsWhole(size) { assumeIntact(size: size) } else { try repairTail(size: size, quarantine: quarantine) }
    }

    /// As `settle`, but changes nothing, and so needs no lock: false where the tail is torn, or being written.
    mutating func assumeIntactIfWhole() throws(SessionError) -> Bool {
        let size = try status().size
        try checkHeader()
        guard try endsWhole(size) else { return false }
        assumeIntact(size: size)
        return true
    }

    /// Takes the end of a file that is known to be whole. Somebody who takes no locks may have made it shorter since.
    mutating func assumeIntact(size: Int) {
        end = max(0, size - Self.closing.count)
    }

    /// Appends one line, with one write, and says where it begins. If that fails, the file is as it was.
    mutating func append(_ line: [UInt8], synchronizes: Bool) throws(SessionError) -> Int {
        guard line.count <= Self.longestLine else { throw SessionError.turnTooLong }
        let end = end
        let start = try attempt("write to \(path)") { () throws(Errno) in
            // Only the header's line ends in "[" here: a session without turns.
            let isFirst = try file.read(end - 1..<end) == [UInt8(ascii: "[")]
            let separator = Array((isFirst ? "\n" : ",\n").utf8)
            do throws(Errno) {
                try file.write(separator + line + Self.closing, at: end)
                if synchronizes { try file.synchronize() }
            } catch {
                // The bytes of the closing are the file's already, so this needs no room. What it cannot do, the next open does.
                try? file.truncate(to: end + Self.closing.count)
                try? file.write(Self.closing, at: end)
                throw error
            }
            return end + separator.count
        }
        self.end = start + line.count
        return start
    }

    /// The first line's fields, checked: `unreadable` where it is no session's, `newerFormat` where a later version wrote it.
    func header() throws(SessionError) -> Header { try Self.header(in: file, path) }

    static func header(in file: borrowing File, _ path: FilePath) throws(SessionError) -> Header {
        // A key of 512 bytes takes 3,072 at most, each byte escaped.
        let line = try attempt("read \(path)") { () throws(Errno) in try file.read(0..<4096) }.prefix { $0 != UInt8(ascii: "\n") }
        // A version that is not known may have other fields, and more of them.
        let start = Array("{\"format\":\"nanobot-session/".utf8)
        if line.starts(with: start), !line.starts(with: Array("{\"format\":\"\(format)\"".utf8)) {
            let version = String(decoding: line.dropFirst(start.count).prefix { $0 != UInt8(ascii: "\"") }.prefix(16), as: UTF8.self)
            throw SessionError(.newerFormat, "\(path) has version \(version) of the format; this program reads \(format)")
        }
        guard let header = try? JSONDecoder().read(Header.self, from: line + Array("]}".utf8)), header.format == format else {
            throw SessionError(.unreadable, "\(path) does not begin as a session does")
        }
        return header
    }

    private func checkHeader() throws(SessionError) {
        guard try header().key.utf8.elementsEqual(key.description.utf8) else {
            throw SessionError(.unreadable, "\(path) belongs to another session key")
        }
    }
}
