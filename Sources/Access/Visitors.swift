import Concurrency
import Crypto
import Files
import Glibc
import Logging
import SystemPackage
import Text

/// Names the visitors of pages with publishable keys, and signs the names, so that nobody can take another's.
///
/// The secret that signs is a file of the data directory, which all processes share. It is read each time: a few microseconds, and nothing
/// that could be out of date.
package final class Visitors: Sendable {
    package struct Visitor: Sendable {
        /// `v_…`.
        package let id: String
        /// The id and its signature, by which the visitor is known again.
        package let token: String
    }

    private let path: FilePath
    private let system: any FileSystem
    private let logger: Logger
    /// Held while the file is made.
    private let making = Mutex(false)

    private static let secretLength = 32

    init(_ directory: FilePath, in system: any FileSystem, logger: Logger) {
        (path, self.system, self.logger) = (directory.appending("visitor-secret"), UninterruptedFileSystem(system), logger)
    }

    /// A visitor who was not here before.
    package func begin(with key: APIKey) throws(KeyFileError) -> Visitor {
        sign(Identifier.make(prefix: "v_"), key, by: try secret())
    }

    /// The visitor who has this token; nil if it is not one that was made for this key with the secret of today.
    package func visitor(token: String, with key: APIKey) throws(KeyFileError) -> Visitor? {
        guard token.utf8.count <= 100, let dot = token.utf8.firstIndex(of: UInt8(ascii: ".")) else { return nil }
        let visitor = sign(String(token[..<dot]), key, by: try secret())
        return HMAC.isEqual(token, visitor.token) ? visitor : nil
    }

    private func sign(_ id: String, _ key: APIKey, by secret: [UInt8]) -> Visitor {
        // Neither id has a line feed.
        let signature = Identifier.make(prefix: "", digest: HMAC.digest(of: "\(key.id)\n\(id)".utf8, key: secret))
        return Visitor(id: id, token: "\(id).\(signature)")
    }

    private func secret() throws(KeyFileError) -> [UInt8] {
        do throws(Errno) {
            if let secret = try read() { return secret }
            return try making.withLock { _ throws(Errno) in try make() }
        } catch {
            throw KeyFileError("The secret that signs visitors' ids, \(path), cannot be used: \(error)")
        }
    }

    /// Nil if there is no file, or none that can be trusted.
    private func read() throws(Errno) -> [UInt8]? {
        guard try system.statusIfThere(path) != nil else { return nil }
        let file = try File(path, O_RDONLY, in: system)
        let status = try file.status()
        guard status.isRegular, status.size == Self.secretLength, status.permissions & 0o077 == 0 else { return nil }
        let bytes = try file.read(0..<Self.secretLength)
        return bytes.count == Self.secretLength ? bytes : nil
    }

    /// Makes the file, unless another process has done so meanwhile.
    private func make() throws(Errno) -> [UInt8] {
        let lock = try File.openOrCreate(FilePath(path.string + ".lock"), in: system)
        // Another process makes the file, which takes milliseconds.
        guard try lock.waitForLock(at: 0, upTo: .seconds(10)) else { throw .resourceTemporarilyUnavailable }
        if let secret = try read() { return secret }
        let isReplaced = try system.statusIfThere(path) != nil
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<Self.secretLength).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        try File.replace(path, by: secret, in: system)
        try File(path.removingLastComponent(), O_RDONLY | O_DIRECTORY, in: system).synchronize()
        if isReplaced {
            logger.warning("\(path) was damaged, or others could read it: it was replaced, and every visitor of a page is a new one")
        } else {
            logger.notice("\(path) was made: the secret that signs the ids of pages' visitors")
        }
        return secret
    }
}
