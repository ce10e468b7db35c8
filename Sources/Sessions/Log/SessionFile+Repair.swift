import Glibc
import JSON
import SystemPackage

extension SessionFile {
    /// Cuts a file whose last write did not complete after its last whole turn, and closes it again (FORMAT.md, "Recovery of a torn tail").
    ///
    /// The write puts `,\n<turn>\n]}\n` over `\n]}\n`. A process that dies leaves some prefix of it; a machine that dies leaves some of its
    /// blocks, and zeros or the old closing in place of the others (SQLite, "Atomic Commit In SQLite", section 3.2, assumes as much of a
    /// disk). So at most one line of a turn, and parts of closings, follow the last whole turn. Anything more is not a torn tail, and the
    /// file is left as it is.
    mutating func repairTail(size: Int, quarantine: Quarantine) throws(SessionError) {
        guard let (wholeEnd, torn) = try lastWholeEnd(size: size) else {
            throw SessionError(.unreadable, "\(path) is damaged before its last line")
        }
        if let torn { try quarantine.keep(try read(torn), of: self) }
        try attempt("repair \(path)") { () throws(Errno) in
            try file.write(Self.closing, at: wholeEnd)
            try file.truncate(to: wholeEnd + Self.closing.count)
            try file.synchronize()
        }
        assumeIntact(size: wholeEnd + Self.closing.count)
    }

    /// The end of the last whole turn or of the header, and the range of a torn turn after it. Nil if more follows than one write leaves.
    func lastWholeEnd(size: Int) throws(SessionError) -> (end: Int, torn: Range<Int>?)? {
        let size = try sizeWithoutZeros(size)
        let decoder = ValueDecoder()
        var found: Int?
        var tornTurns = 0
        var failure: SessionError?
        try readLinesBackwards(from: size) { line, range in
            let text = line.prefix(upTo: line.lastIndex { $0 != 0 }.map { $0 + 1 } ?? line.startIndex)
            if range.lowerBound == 0 {
                if text.last == UInt8(ascii: "[") { found = text.count }
                return false
            }
            // If the write stopped after one byte, the rest of the old closing follows the comma.
            for rest in [",", "", ",]}"] where text.reversed().starts(with: rest.utf8.reversed()) {
                let turn = text.dropLast(rest.utf8.count)
                guard turn.last == UInt8(ascii: "}"), Self.isWhole(turn, decoder) else { continue }
                do throws(SessionError) {
                    if try followsSeparator(range.lowerBound) { found = range.lowerBound + turn.count }
                } catch {
                    failure = error
                }
                if found != nil || failure != nil { return false }
            }
            // The turn's first byte may be alone, if the old closing's last byte is the first of a block.
            let isPartOfClosing = text.count <= 3 && text.allSatisfy { ",]}{".utf8.contains($0) }
            if !isPartOfClosing { tornTurns += 1 }
            return tornTurns <= 1
        }
        if let failure { throw failure }
        return found.map { ($0, tornTurns > 0 ? $0..<max($0, size) : nil) }
    }

    /// The size without the zeros at the end, which are blocks that never reached the disk. They may be larger than memory, so they are read
    /// in chunks, up to a gigabyte. A file is never cut because the file system reports a hole: ZFS has reported holes for data that was not
    /// written yet.
    private func sizeWithoutZeros(_ size: Int) throws(SessionError) -> Int {
        var end = size
        while end > 0 {
            guard size - end < 1 << 30 else { throw SessionError(.unreadable, "\(path) ends in more than a gigabyte of zeros") }
            let start = max(0, end - 1 << 20)
            if let last = try read(start..<end).lastIndex(where: { $0 != 0 }) { return start + last + 1 }
            end = start
        }
        return 0
    }
}
