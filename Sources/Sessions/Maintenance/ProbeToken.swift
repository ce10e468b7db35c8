import Crypto
import Files
import FoundationEssentials
import Glibc
import JSON
package import SystemPackage
import Text

/// Lets `nanobot doctor` ask a responder about the requests that reach it. A file in the data directory, which both share, has the digest
/// of a token in its name; only the doctor knows the token. Nobody who sees the file, even over HTTP, can ask.
package final class ProbeToken: Sendable {
    /// The secret, which goes with each question.
    package let token: String
    /// The file's name.
    package let name: String
    /// The file's content until something is acknowledged. No other file has it.
    package let content: String

    private let path: FilePath
    private let file: File

    /// In seconds, after the doctor's last write to the file.
    static let lifetime = 600.0
    private static let prefix = "doctor-"
    private static let tokenLength = 64

    /// Writes the file into a data directory, and removes those of doctors that were killed.
    package init(in directory: FilePath) throws(SessionError) {
        let system = UninterruptedFileSystem(HostFileSystem())
        try attempt("read \(directory)") { () throws(Errno) in try Self.removeExpired(in: directory, system) }
        token = Self.randomDigits()
        content = Self.randomDigits()
        name = Self.name(token)
        let path = directory.appending(name)
        self.path = path
        file = try attempt("create \(path)") { () throws(Errno) in try File.create(path, in: system) }
        do {
            try write(Array(content.utf8))
        } catch {
            remove()
            throw error
        }
    }

    /// Tells the responder that one more chunk of its answer has arrived.
    package func acknowledge() throws(SessionError) { try write([UInt8(ascii: ".")]) }

    private func write(_ bytes: [UInt8]) throws(SessionError) {
        try attempt("write \(path)") { () throws(Errno) in try file.write(bytes, at: try file.status().size) }
    }

    /// Removes the files; the token is no longer known.
    package func remove() {
        for path in [path.removingLastComponent().appending(Self.sharedName(token)), path] { try? file.system.unlink(path) }
    }

    /// True if a text has the form of a token.
    package static func isToken(_ text: String) -> Bool {
        text.utf8.count == tokenLength
            && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
    }

    /// The number of chunks that the doctor with a token has acknowledged; nil if there is no such doctor.
    static func acknowledgements(_ token: String, in directory: FilePath, _ system: any FileSystem) -> Int? {
        guard isToken(token), let status = try? system.statusIfThere(directory.appending(name(token))), !isExpired(status) else {
            return nil
        }
        return status.size - tokenLength
    }

    /// The name of the token's file.
    static func name(_ token: String) -> String { "\(prefix)\(SHA256.hexadecimal(of: token.utf8)).json" }

    /// The name of the file that `PeerProbe` writes.
    static func sharedName(_ token: String) -> String { "\(prefix)\(SHA256.hexadecimal(of: token.utf8))-peer.json" }

    private static func isExpired(_ status: FileStatus) -> Bool { status.modified.addingTimeInterval(lifetime) < Date() }

    private static func removeExpired(in directory: FilePath, _ system: any FileSystem) throws(Errno) {
        var names: [String] = []
        try system.visitNames(in: directory, from: 0) { name, _ in
            if name.hasPrefix(prefix) { names.append(name) }
            return true
        }
        for path in names.map(directory.appending) {
            // Something else may have such a name.
            if let status = try system.statusIfThere(path), status.isRegular, isExpired(status) { try system.unlink(path) }
        }
    }

    /// 256 random bits, in hexadecimal digits.
    private static func randomDigits() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<4).map { _ in
            let digits = String(generator.next(), radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}

extension SessionStore {
    /// The number of chunks that the doctor with this token has acknowledged; nil if no doctor with it shares this data directory.
    package func probeAcknowledgements(token: String) -> Int? { ProbeToken.acknowledgements(token, in: directory, system) }
}
