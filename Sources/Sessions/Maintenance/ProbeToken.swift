import Crypto
import FoundationEssentials
import Glibc
import JSON
package import SystemPackage

/// What lets `nanobot doctor` ask a responder about the requests that reach it: a file in the data directory, which both share, named by
/// the digest of a token that only the doctor has. Whoever sees the file, over HTTP too, learns nothing that would let them ask.
package final class ProbeToken: Sendable {
    /// Goes with each question.
    package let token: String
    /// The file's name.
    package let name: String
    /// The file's content, until something is acknowledged. No other file has it.
    package let content: String

    private let path: FilePath
    private let file: File

    /// How long a pass is good for after its doctor's last sign of life, in seconds.
    static let lifetime = 600.0
    private static let prefix = "doctor-"
    private static let tokenLength = 64

    /// Writes a pass into a data directory, and removes those of doctors that were killed.
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

    /// Tells the responder that one piece more of its answer has come.
    package func acknowledge() throws(SessionError) { try write([UInt8(ascii: ".")]) }

    private func write(_ bytes: [UInt8]) throws(SessionError) {
        try attempt("write \(path)") { () throws(Errno) in try file.write(bytes, at: try file.status().size) }
    }

    /// Ends the pass.
    package func remove() { try? file.system.unlink(path) }

    /// Whether a text has a token's form.
    package static func isToken(_ text: String) -> Bool {
        text.utf8.count == tokenLength
            && text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "a")...UInt8(ascii: "f") ~= $0 }
    }

    /// How many pieces the doctor with a token has acknowledged; nil where there is no such doctor.
    static func acknowledgements(_ token: String, in directory: FilePath, _ system: any FileSystem) -> Int? {
        guard isToken(token), let status = try? system.statusIfThere(directory.appending(name(token))), !isExpired(status) else {
            return nil
        }
        return status.size - tokenLength
    }

    private static func name(_ token: String) -> String { "\(prefix)\(SHA256.hexadecimal(of: token.utf8)).json" }

    private static func isExpired(_ status: FileStatus) -> Bool { status.modified.addingTimeInterval(lifetime) < Date() }

    private static func removeExpired(in directory: FilePath, _ system: any FileSystem) throws(Errno) {
        var names: [String] = []
        try system.visitNames(in: directory, from: 0) { name, _ in
            if name.hasPrefix(prefix) { names.append(name) }
            return true
        }
        for path in names.map(directory.appending) {
            if let status = try system.statusIfThere(path), isExpired(status) { try system.unlink(path) }
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
    /// How many pieces of an answer the doctor with this token has acknowledged; nil where there is none of this data directory's. Looks
    /// into the file system.
    package func probeAcknowledgements(token: String) -> Int? { ProbeToken.acknowledgements(token, in: directory, system) }
}
