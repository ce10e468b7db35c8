import Crypto
import Files
import JSON
import SystemPackage
import Text

/// Finds one key in a key file without reading the others: where each secret's key stands is in a file beside it, `keys.json.index`. The
/// origins of all keys are among the secrets there.
///
/// The index tells of one state of the key file, which was read and found good as a whole. Once the key file was changed in any other way,
/// the index no longer counts, so that a file that is edited by hand is read and checked as a whole. Whoever removes an index loses nothing.
final class KeyIndex: Sendable {
    private let path: FilePath
    private let keys: File
    private let index: File
    private let count: Int
    private let keysSize: Int

    /// The first line, which is padded: the state of the key file that the index is of.
    private static let headLength = 128
    /// A digest, an offset and a length, each with a separator behind it. The lines are in the order of their digests.
    private static let (digestLength, numberLength) = (64, 12)
    private static let lineLength = digestLength + 2 * numberLength + 3

    /// Nil unless the index is of the key file as it is now. Both files stay open, and so do the keys that are found.
    init?(_ keys: consuming File, _ status: FileStatus, _ index: consuming File, at path: FilePath) throws(Errno) {
        let size = try index.status().size
        guard try index.read(0..<Self.headLength) == Self.head(status), (size - Self.headLength) % Self.lineLength == 0 else { return nil }
        count = (size - Self.headLength) / Self.lineLength
        keysSize = status.size
        self.path = path
        self.keys = keys
        self.index = index
    }

    /// The index of a key file as the program writes it: a line a key, between the first and the last.
    static func index(of ring: KeyRing, _ bytes: [UInt8], _ status: FileStatus) -> [UInt8] {
        var lines: [String] = []
        var start = 0
        for (number, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
            defer { start += line.count + 1 }
            guard number > 0, number <= ring.keys.count else { continue }
            let length = line.last == UInt8(ascii: ",") ? line.count - 1 : line.count
            for secret in ring.keys[number - 1].secrets { lines.append("\(secret.digest) \(padded(start)) \(padded(length))\n") }
        }
        for origin in ring.origins { lines.append("\(digest(ofOrigin: origin.text)) \(padded(0)) \(padded(0))\n") }
        lines.sort { $0 < $1 }
        return lines.reduce(into: head(status)) { $0 += $1.utf8 }
    }

    private static func head(_ status: FileStatus) -> [UInt8] {
        let numbers = "\(status.device) \(status.inode) \(status.size) \(status.modifiedSeconds) \(status.modifiedNanoseconds)"
        let bytes = Array("nanobot-keys-index 2 \(numbers)".utf8.prefix(headLength - 1))
        return bytes + Array(repeating: UInt8(ascii: " "), count: headLength - 1 - bytes.count) + "\n".utf8
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, numberLength - digits.utf8.count)) + digits
    }

    /// The key that has a secret, by the secret's digest, alone; no key if there is none.
    func ring(digest: String) throws(KeyFileError) -> KeyRing {
        let bytes: [UInt8]
        do throws(Errno) {
            guard let place = try place(of: Array(digest.utf8)) else { return KeyRing() }
            bytes = try keys.read(place)
        } catch {
            throw KeyFileError(path, "cannot be read: \(error)")
        }
        guard let field = try? JSONField(parsing: bytes), let key = try? APIKey(field),
            key.secrets.contains(where: { $0.digest == digest })
        else { throw KeyFileError(path, "and its index contradict each other: remove \(path).index") }
        return try KeyRing([key])
    }

    /// True if one of the keys has an origin.
    func hasOrigin(_ origin: String) throws(KeyFileError) -> Bool {
        do throws(Errno) {
            return try place(of: Array(Self.digest(ofOrigin: origin).utf8)) != nil
        } catch {
            throw KeyFileError(path, "cannot be read: \(error)")
        }
    }

    /// That of no secret: a request's header has no line feed.
    private static func digest(ofOrigin origin: String) -> String { SHA256.hexadecimal(of: "\n\(origin)".utf8) }

    private func place(of digest: [UInt8]) throws(Errno) -> Range<Int>? {
        var candidates = 0..<count
        while !candidates.isEmpty {
            let middle = candidates.lowerBound + candidates.count / 2
            let start = Self.headLength + middle * Self.lineLength
            let line = try index.read(start..<start + Self.lineLength)
            let found = line.prefix(Self.digestLength)
            if found.elementsEqual(digest) {
                let numbers = line.dropFirst(Self.digestLength + 1).split(separator: UInt8(ascii: " ")).map { number in
                    Int(String(decoding: number.prefix(Self.numberLength), as: UTF8.self))
                }
                guard numbers.count == 2, let offset = numbers[0], let length = numbers[1], 0...keysSize ~= offset,
                    0...keysSize - offset ~= length
                else { return nil }
                return offset..<offset + length
            }
            candidates = found.lexicographicallyPrecedes(digest) ? middle + 1..<candidates.upperBound : candidates.lowerBound..<middle
        }
        return nil
    }
}
