import Chat
import FoundationEssentials
import Glibc
import SystemPackage

/// One session's file, open. Whoever has it holds the session's lock.
struct SessionFile: ~Copyable {
    static let format = "nanobot-session/1"
    /// What ends every file; an append overwrites it.
    static let closing = Array("\n]}\n".utf8)

    let file: File
    let path: FilePath
    let key: SessionKey
    /// Where the closing begins.
    private(set) var end = 0

    private struct Header: Decodable {
        var format: String
        var key: String
    }

    /// Opens a session's file for reading and appending. Nil if there is none.
    init?(_ path: FilePath, key: SessionKey) throws(SessionError) {
        do throws(Errno) {
            file = try File(path, O_RDWR)
        } catch {
            if error == .noSuchFileOrDirectory { return nil }
            throw SessionError("open \(path)", error)
        }
        self.path = path
        self.key = key
    }

    /// Creates a session that has one turn: whole under its name, or not there at all.
    static func create(_ path: FilePath, key: SessionKey, turn: Turn, synchronizes: Bool) throws(SessionError) {
        let header = JSONValue.object([
            ("format", .string(format)), ("key", .string(key.description)), ("created_at", .string(turn.at)), ("turns", []),
        ]).serialized.dropLast(2)
        let directory = path.removingLastComponent()
        // A session's own name never begins with a dot.
        let temporary = directory.appending(Identifier.make(prefix: ".new-"))
        do throws(Errno) {
            do throws(Errno) {
                let file = try File(temporary, O_WRONLY | O_CREAT | O_EXCL)
                try file.write(Array(header) + "\n".utf8 + turn.line + closing, at: 0)
                if synchronizes { try file.synchronize() }
                try systemCall { temporary.withPlatformString { from in path.withPlatformString { rename(from, $0) } } }
            } catch {
                _ = temporary.withPlatformString { unlink($0) }
                throw error
            }
            // The name is on the disk once its directory is.
            if synchronizes { try File(directory, O_RDONLY | O_DIRECTORY).synchronize() }
        } catch {
            throw SessionError("create \(path)", error)
        }
    }

    /// What the cache compares.
    func identity() throws(SessionError) -> WindowCache.Identity {
        do throws(Errno) {
            let status = try file.status()
            return .init(
                device: UInt64(status.st_dev), inode: UInt64(status.st_ino), size: Int(status.st_size),
                modifiedSeconds: status.st_mtim.tv_sec, modifiedNanoseconds: status.st_mtim.tv_nsec)
        } catch {
            throw SessionError("read \(path)", error)
        }
    }

    /// Takes the end of a file that is known to be whole.
    mutating func trust(size: Int) {
        end = size - Self.closing.count
    }

    /// Reads the newest turns, from the end backwards, and checks that the file is this session's. A torn tail is mended first;
    /// `quarantine` takes what is cut.
    mutating func readWindow(limits: WindowLimits, quarantine: Quarantine) throws(SessionError) -> Window {
        let size = try identity().size
        try checkHeader()
        if try !endsWhole(size) { try repair(size: size, quarantine: quarantine) } else { trust(size: size) }
        var turns: [[Message]] = []
        var tokens = 0
        let decoder = JSONDecoder()
        var unreadable = false
        try readLinesBackwards(from: end) { line, range in
            // The first line is the header, which was checked.
            guard range.lowerBound > 0 else { return false }
            guard let turn = Self.turn(in: line, decoder) else {
                unreadable = true
                return false
            }
            turns.append(turn.messages)
            tokens += Window.estimatedTokens(turn.messages)
            return turns.count < limits.maxTurns && tokens < limits.maxTokens
        }
        guard !unreadable else { throw SessionError(.unreadable, "\(path) has a line that is not a turn") }
        return Window(newestFirst: turns, limits: limits)
    }

    /// Appends one turn, with one write. If that fails, the file is as it was.
    mutating func append(_ turn: Turn, synchronizes: Bool) throws(SessionError) {
        do throws(Errno) {
            // Only the header's line ends in "[" here: a session without turns.
            let isFirst = try file.read(end - 1..<end) == [UInt8(ascii: "[")]
            let line = turn.line
            do throws(Errno) {
                try file.write(Array(isFirst ? "\n".utf8 : ",\n".utf8) + line + Self.closing, at: end)
                if synchronizes { try file.synchronize() }
            } catch {
                // The bytes of the closing are the file's already, so this needs no room. What it cannot do, the next open does.
                try? file.truncate(to: end + Self.closing.count)
                try? file.write(Self.closing, at: end)
                throw error
            }
            end += line.count + (isFirst ? 1 : 2)
        } catch {
            throw SessionError("write to \(path)", error)
        }
    }

    /// The turn that a line holds; nil if it is none. The comma behind it is the file's.
    static func turn(in line: ArraySlice<UInt8>, _ decoder: JSONDecoder) -> Turn? {
        try? decoder.decode(Turn.self, from: Data(line.last == UInt8(ascii: ",") ? line.dropLast() : line))
    }

    /// Visits the lines that end before `end`, the last one first, until `visit` has seen enough. Lines come without their line feed.
    func readLinesBackwards(
        from end: Int, _ visit: (_ line: ArraySlice<UInt8>, _ range: Range<Int>) -> Bool
    ) throws(SessionError) {
        var start = end
        var bytes: [UInt8] = []
        while true {
            if let feed = bytes.lastIndex(of: UInt8(ascii: "\n")) {
                let line = bytes[(feed + 1)...]
                guard visit(line, start + feed + 1..<start + bytes.count) else { return }
                bytes.removeSubrange(feed...)
            } else if start == 0 {
                _ = visit(bytes[...], 0..<bytes.count)
                return
            } else {
                // Growing with the line keeps a long one linear.
                let chunk = min(start, max(65_536, bytes.count))
                bytes = try read(start - chunk..<start) + bytes
                start -= chunk
            }
        }
    }

    func read(_ range: Range<Int>) throws(SessionError) -> [UInt8] {
        do throws(Errno) {
            return try file.read(range)
        } catch {
            throw SessionError("read \(path)", error)
        }
    }

    private func endsWhole(_ size: Int) throws(SessionError) -> Bool {
        guard size > Self.closing.count, try read(size - Self.closing.count..<size) == Self.closing else { return false }
        var isWhole = false
        try readLinesBackwards(from: size - Self.closing.count) { line, range in
            isWhole = range.lowerBound == 0 || Self.turn(in: line, JSONDecoder()) != nil
            return false
        }
        return isWhole
    }

    private func checkHeader() throws(SessionError) {
        // A key of 512 bytes takes 3,072 at most, each byte escaped.
        let start = try read(0..<4096)
        let line = start.prefix { $0 != UInt8(ascii: "\n") }
        guard let header = try? JSONDecoder().decode(Header.self, from: Data(line + Array("]}".utf8))) else {
            throw SessionError(.unreadable, "\(path) does not begin as a session does")
        }
        guard header.format == Self.format else {
            throw SessionError(.unreadable, "\(path) has the format \"\(header.format)\"; this version reads \(Self.format)")
        }
        guard header.key.utf8.elementsEqual(key.description.utf8) else {
            throw SessionError(.unreadable, "\(path) belongs to another session key")
        }
    }
}
