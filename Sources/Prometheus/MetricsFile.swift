package import Files
import Glibc
package import SystemPackage
import Text

/// The counts of all processes of one data directory, which outlive them.
///
/// Each line has a sample's name, a space, and 18 digits, which are changed in place: every process, and over CGI every request, writes a few
/// bytes, under a lock. A process that is killed meanwhile leaves a file that can be read. Nothing is synchronized: a power cut may take the
/// last counts.
package struct MetricsFile: Sendable {
    /// What is added to the count of a sample.
    package typealias Change = (name: String, amount: Int)

    package let path: FilePath
    private let system: any FileSystem

    /// The number of digits of a count.
    static let width = 18
    private static let largest = 999_999_999_999_999_999
    /// In bytes. Samples for which there is no room are not kept.
    static let maximumSize = 1 << 20
    private static let patience = Duration.seconds(1)

    package init(_ path: FilePath, in system: any FileSystem = HostFileSystem()) {
        (self.path, self.system) = (path, UninterruptedFileSystem(system))
    }

    /// Adds to counts, and begins those that the file does not have.
    ///
    /// - Throws: `resourceTemporarilyUnavailable` if another process has the lock for long, and `fileTooLarge` if it is no such file. Then nothing
    ///   was added.
    package func add(_ changes: [Change]) throws(Errno) {
        let file = try File.openOrCreate(path, in: system)
        guard try file.waitForLock(at: 0, upTo: Self.patience) else { throw .resourceTemporarilyUnavailable }
        let bytes = try content(of: file)
        // A line that was not written to its end is left alone.
        var appended: [UInt8] = bytes.last.map { $0 == UInt8(ascii: "\n") } ?? true ? [] : [UInt8(ascii: "\n")]
        var known: [(place: Int, amount: Int)] = []
        let names = changes.map { Array($0.name.utf8) }
        for (change, (name, place)) in zip(changes, zip(names, Self.places(of: names, in: bytes))) {
            if let place {
                known.append((place, change.amount))
            } else if bytes.count + appended.count + name.count + Self.width + 2 <= Self.maximumSize {
                appended += name + [UInt8(ascii: " ")] + Self.digits(0, plus: change.amount) + [UInt8(ascii: "\n")]
            }
        }
        // First, because it may fail for want of room: what was written before would be added again.
        if appended.count > 1 { try file.write(appended, at: bytes.count) }
        for (place, amount) in known {
            let old = Self.count(bytes[place..<place + Self.width]) ?? 0
            // A count that cannot be written is lost rather than added twice.
            try? file.write(Self.digits(old, plus: amount), at: place)
        }
    }

    /// All samples with their counts, in the order in which they began. Lines that are no such thing are left out.
    package func samples() throws(Errno) -> [(name: String, count: Int)] {
        guard try system.statusIfThere(path) != nil else { return [] }
        let bytes = try content(of: try File(path, O_RDONLY, in: system))
        // By hand there may be a sample twice: the first one counts.
        var seen: Set<TextKey> = []
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { line in
            guard line.count > Self.width + 1, line.dropLast(Self.width).last == UInt8(ascii: " "),
                let count = Self.count(line.suffix(Self.width)),
                let name = String(validating: line.dropLast(Self.width + 1), as: UTF8.self), seen.insert(TextKey(name)).inserted
            else { return nil }
            return (name, count)
        }
    }

    private func content(of file: borrowing File) throws(Errno) -> [UInt8] {
        let status = try file.status()
        guard status.isRegular, status.size <= Self.maximumSize else { throw .fileTooLarge }
        return try file.read(0..<status.size)
    }

    /// Where the digits of each sample are; nil if there is no whole line of it.
    private static func places(of names: [[UInt8]], in bytes: [UInt8]) -> [Int?] {
        var places = [Int?](repeating: nil, count: names.count)
        bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var start = 0
            while let end = memchr(base + start, CInt(UInt8(ascii: "\n")), bytes.count - start).map({ UnsafeRawPointer($0) - base }) {
                let length = end - start - width - 1
                for (index, name) in names.enumerated()
                where places[index] == nil && name.count == length && memcmp(base + start, name, length) == 0 {
                    places[index] = start + length + 1
                }
                start = end + 1
            }
        }
        return places
    }

    /// A count; nil if these are not its digits.
    private static func count(_ digits: ArraySlice<UInt8>) -> Int? {
        var count = 0
        for digit in digits {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
            count = count * 10 + Int(digit - UInt8(ascii: "0"))
        }
        return count
    }

    private static func digits(_ count: Int, plus amount: Int) -> [UInt8] {
        var rest = count + max(0, min(amount, largest - count))
        var digits = [UInt8](repeating: UInt8(ascii: "0"), count: width)
        for index in digits.indices.reversed() {
            digits[index] += UInt8(rest % 10)
            rest /= 10
        }
        return digits
    }
}
