import Crypto
import Chat
import Files
import Glibc
import SystemPackage

/// Writes a whole session file under a temporary name and then gives it its own. After a crash the old file is there, or the new one.
struct SessionWriter: ~Copyable {
    private let file: File
    private let temporary: FilePath
    private let path: FilePath
    private let key: SessionKey
    private var written = 0
    private var buffer: [UInt8]
    private var isFirst = true
    private var isCommitted = false

    /// No session's own name begins with a dot.
    static let temporaryPrefix = ".new-"

    /// Creates the temporary file.
    ///
    /// - Parameters:
    ///   - headerLength: the least number of bytes of the first line.
    ///   - directory: where the temporary file is; nil for the directory of `path`.
    init(
        _ path: FilePath, key: SessionKey, createdAt: String, headerLength: Int = 0, by directory: FilePath? = nil,
        in system: any FileSystem
    ) throws(SessionError) {
        let temporary = (directory ?? path.removingLastComponent()).appending(Identifier.make(prefix: Self.temporaryPrefix))
        (self.path, self.key, self.temporary) = (path, key, temporary)
        file = try attempt("create \(path)") { () throws(Errno) in try File.create(temporary, in: system) }
        // Whoever removes abandoned files sees that this one is in use. Where there are no locks, its time says so.
        try? system.setLock(file.descriptor, at: 0, isHeld: true)
        buffer = SessionFile.header(key, createdAt: createdAt, length: headerLength)
    }

    deinit {
        if !isCommitted { try? file.system.unlink(temporary) }
    }

    /// Adds a line, which has neither comma nor line feed.
    mutating func append(_ line: some Collection<UInt8>) throws(SessionError) {
        guard line.count <= SessionFile.longestLine else { throw .turnTooLong }
        buffer += isFirst ? "\n".utf8 : ",\n".utf8
        buffer += line
        isFirst = false
        if buffer.count > 1 << 20 { try flush() }
    }

    /// Adds all lines of another session. Where both files have them at the same place, the file system may let them share blocks.
    ///
    /// - Returns: the number of bytes that were shared.
    mutating func appendLines(of source: borrowing SessionFile, sharesBlocks: Bool = true) throws(SessionError) -> Int {
        var position = try source.headerLength()
        // An aligned range is shared or not at all.
        let block = 4096
        let (first, last) = ((position + block - 1) / block * block, source.end / block * block)
        var shared = 0
        if sharesBlocks, buffer.count == position, first < last,
            file.system.share(first..<last, of: source.file.descriptor, with: file.descriptor)
        {
            buffer += try source.read(position..<first)
            try flush()
            (written, position, shared) = (last, last, last - first)
        }
        try copy(position..<source.end, of: source)
        isFirst = false
        return shared
    }

    /// Adds whole lines of another session.
    mutating func append(_ lines: Range<Int>, of source: borrowing SessionFile) throws(SessionError) {
        buffer += isFirst ? "\n".utf8 : ",\n".utf8
        try copy(lines, of: source)
        isFirst = false
    }

    private mutating func copy(_ range: Range<Int>, of source: borrowing SessionFile) throws(SessionError) {
        var position = range.lowerBound
        while position < range.upperBound {
            let chunk = try source.read(position..<min(range.upperBound, position + 1 << 20))
            guard !chunk.isEmpty else { throw SessionError(.storageUnavailable, "\(source.path) became shorter while it was read") }
            buffer += chunk
            position += chunk.count
            try flush()
        }
    }

    /// Gives the file its name. If that fails, the name still belongs to the old file, or already to the whole new one.
    ///
    /// - Parameter replaces: true to replace the session of this name, which the caller has read. Otherwise the name has to be free at the
    ///   moment of the call: a session that was not there before may only have been away with its directory.
    consuming func commit(replaces: Bool, synchronizes: Bool) throws(SessionError) {
        buffer += SessionFile.closing
        try flush()
        let (temporary, path, system) = (temporary, path, file.system)
        let take = replaces ? Self.replace : Self.claim
        guard synchronizes else {
            try attempt("create \(path)") { () throws(Errno) in try take(path, temporary, system) }
            isCommitted = true
            return
        }
        let names = path.removingLastComponent()
        // Opened first: if there are no descriptors left, nothing has happened yet.
        let directory = try attempt("open \(names)") { () throws(Errno) in try File(names, O_RDONLY | O_DIRECTORY, in: system) }
        try attempt("create \(path)") { () throws(Errno) in
            try file.synchronize()
            try take(path, temporary, system)
        }
        isCommitted = true
        // The name is on the disk once its directory is.
        do throws(Errno) {
            try directory.synchronize()
        } catch {
            throw SessionError("write \(names)", error).withUnknownOutcome
        }
    }

    private static func replace(_ path: FilePath, by temporary: FilePath, in system: any FileSystem) throws(Errno) {
        try system.rename(temporary, to: path)
    }

    /// Links the file, because rename(2) replaces whatever has the name.
    private static func claim(_ path: FilePath, by temporary: FilePath, in system: any FileSystem) throws(Errno) {
        do throws(Errno) {
            try system.link(temporary, to: path)
        } catch {
            // The file system has no links (link(2), EPERM), so the name has to be looked up first.
            guard [.notPermitted, .notSupported].contains(error) else { throw error }
            guard try system.statusIfThere(path) == nil else { throw .fileExists }
            return try replace(path, by: temporary, in: system)
        }
        // If that fails, the file stays hidden and is later removed like that of a process that died.
        try? system.unlink(temporary)
    }

    /// Returns when the names in a directory are on the disk.
    static func synchronize(_ directory: FilePath, in system: any FileSystem) throws(SessionError) {
        try attempt("write \(directory)") { () throws(Errno) in
            try File(directory, O_RDONLY | O_DIRECTORY, in: system).synchronize()
        }
    }

    private mutating func flush() throws(SessionError) {
        let (bytes, offset) = (buffer, written)
        try attempt("create \(path)") { () throws(Errno) in try file.write(bytes, at: offset) }
        written += bytes.count
        buffer.removeAll(keepingCapacity: true)
    }
}
