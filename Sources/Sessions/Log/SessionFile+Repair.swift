import Files
import Glibc
import JSON
import SystemPackage
import Text

extension SessionFile {
    /// Cuts a file whose last write did not complete after its last whole turn, and closes it again (FORMAT.md, "Recovery of a torn tail").
    ///
    /// The write puts `,\n<turn>\n]}\n` over `\n]}\n`. A process that dies leaves some prefix of it; a machine that dies leaves some of its
    /// blocks, and zeros or the old closing in place of the others (SQLite, "Atomic Commit In SQLite", section 3.2, assumes as much of a
    /// disk). So at most one line of a turn, and parts of closings, follow the last whole turn. Anything more is not a torn tail, and the
    /// file is left as it is.
    mutating func repairTail(size: Int, quarantine: Quarantine) throws(SessionError) {
        let tail = try lastWholeEnd(size: size)
        if let torn = tail.torn { try quarantine.keep(torn, of: self) }
        let rest = (tail.separatedLine ?? []) + Self.closing
        try attempt("repair \(path)") { () throws(Errno) in
            try file.write(rest, at: tail.end)
            try file.truncate(to: tail.end + rest.count)
            try file.synchronize()
        }
        assumeIntact(size: tail.end + rest.count)
    }

    /// The part of a file that a torn write left as it was, and what follows it.
    struct Tail {
        /// The end of the last whole turn or of the header.
        var end: Int
        /// The bytes of a torn turn, and what separates it from the last one.
        var torn: Range<Int>?
        /// The line in `torn`, with what separates it, if the turn can be read after all.
        var separatedLine: [UInt8]?
    }

    /// Throws `unreadable` if more follows than one write leaves.
    func lastWholeEnd(size: Int) throws(SessionError) -> Tail {
        guard let tail = try tail(size: size) else { throw SessionError(.unreadable, "\(path) is damaged before its last line") }
        return tail
    }

    /// The tail; nil if more follows than one write leaves.
    func tail(size: Int) throws(SessionError) -> Tail? {
        let size = try endWithoutZeros(0..<size)
        var lineEnd = size
        var hasTorn = false
        while true {
            let start = try lastIndex(in: 0..<lineEnd, Self.lastLineFeed).map { $0 + 1 } ?? 0
            let text = start..<(try endWithoutZeros(start..<lineEnd))
            if let end = try wholeEnd(text) { return try tail(end, torn: hasTorn ? end..<size : nil) }
            guard start > 0 else { return nil }
            // The turn's first byte may be alone, if the old closing's last byte is the first of a block.
            let isPartOfClosing = text.count <= 3 ? try read(text).allSatisfy { ",]}{".utf8.contains($0) } : false
            guard isPartOfClosing || !hasTorn else { return nil }
            if !isPartOfClosing { hasTorn = true }
            lineEnd = start - 1
        }
    }

    /// The end of the whole turn in a line, or of the header; nil if there is none.
    private func wholeEnd(_ text: Range<Int>) throws(SessionError) -> Int? {
        guard text.lowerBound > 0 else {
            let last = try read(max(0, text.upperBound - 1)..<text.upperBound)
            return last == [UInt8(ascii: "[")] ? text.upperBound : nil
        }
        // A line that is no turn may be longer than memory.
        guard text.count <= Self.longestLine + 3, try lastIndex(in: text, Self.lastControl) == nil else { return nil }
        let line = try read(text)
        let decoder = ValueDecoder()
        // If the write stopped after one byte, the rest of the old closing follows the comma.
        for rest in [",", "", ",]}"] where line.reversed().starts(with: rest.utf8.reversed()) {
            let turn = line.dropLast(rest.utf8.count)
            guard turn.last == UInt8(ascii: "}"), Self.isWhole(turn, decoder), try followsSeparator(text.lowerBound) else { continue }
            return text.lowerBound + turn.count
        }
        return nil
    }

    /// Looks for a turn in the bytes that will be cut: its beginning may be in the wrong place, or somebody else may have changed the file.
    private func tail(_ end: Int, torn: Range<Int>?) throws(SessionError) -> Tail? {
        guard let torn else { return Tail(end: end) }
        var lines: [[UInt8]] = []
        let decoder = ValueDecoder()
        try Self.readObjects(in: file, torn, path) { object in
            if let line = Self.line(for: object, decoder) { lines.append(line) }
            return lines.count < 2
        }
        guard lines.count < 2 else { return nil }
        let isFirst = try read(end - 1..<end) == [UInt8(ascii: "[")]
        return Tail(end: end, torn: torn, separatedLine: lines.first.map { Array((isFirst ? "\n" : ",\n").utf8) + $0 })
    }

    /// The end of a range without the zeros there, which are blocks that never reached the disk. A file is never cut because the file system
    /// reports a hole: ZFS has reported holes for data that was not written yet.
    private func endWithoutZeros(_ range: Range<Int>) throws(SessionError) -> Int {
        try lastIndex(in: range, Self.lastNonZero).map { $0 + 1 } ?? range.lowerBound
    }

    private static func lastNonZero(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let start = bytes.baseAddress else { return nil }
        // All are zeros if the first one is and each is like the one before.
        if start.load(as: UInt8.self) == 0, memcmp(start, start + 1, bytes.count - 1) == 0 { return nil }
        return bytes.lastIndex { $0 != 0 }
    }

    static func lastLineFeed(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let feed = UInt8(ascii: "\n")
        guard let start = bytes.baseAddress, memchr(start, CInt(feed), bytes.count) != nil else { return nil }
        return bytes.lastIndex(of: feed)
    }

    static func lastControl(_ bytes: UnsafeRawBufferPointer) -> Int? { bytes.lastIndex { $0 < 0x20 } }

    /// The last place in a range that `find` finds. Reads in chunks, because there may be more zeros than memory, and up to a gigabyte.
    func lastIndex(in range: Range<Int>, _ find: (UnsafeRawBufferPointer) -> Int?) throws(SessionError) -> Int? {
        var end = range.upperBound
        var chunk = 1 << 12
        while end > range.lowerBound {
            guard range.upperBound - end < 1 << 30 else { throw SessionError(.unreadable, "\(path) ends in more than a gigabyte of zeros") }
            let start = max(range.lowerBound, end - chunk)
            if let last = try read(start..<end).withUnsafeBytes(find) { return start + last }
            end = start
            chunk = 1 << 20
        }
        return nil
    }
}
