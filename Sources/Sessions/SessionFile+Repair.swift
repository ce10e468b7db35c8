import FoundationEssentials
import Glibc
import SystemPackage

extension SessionFile {
    /// Mends the tail of a file that a write left unfinished: cuts it after its last whole turn and closes it again.
    ///
    /// A torn append leaves `<turn>` and some prefix of `,\n<new turn>\n]}\n` over `\n]}\n`, so at most one line, and the rest of the
    /// old closing, lie behind the last whole turn. More than that is not a torn tail, and is left alone.
    mutating func repair(size: Int, quarantine: Quarantine) throws(SessionError) {
        let decoder = JSONDecoder()
        var wholeEnd: Int?
        var visited = 0
        try readLinesBackwards(from: size) { line, range in
            visited += 1
            if range.lowerBound == 0 {
                // The header alone: a session without turns.
                wholeEnd = line.last == UInt8(ascii: "[") ? range.upperBound : nil
                return false
            }
            // Where the write stopped after one byte, the old closing stands behind the comma.
            for rest in [",", "", ",]}"] where line.reversed().starts(with: rest.utf8.reversed()) {
                let turn = line.dropLast(rest.utf8.count)
                if Self.turn(in: turn, decoder) != nil {
                    wholeEnd = range.lowerBound + turn.count
                    return false
                }
            }
            return visited < 4
        }
        guard let wholeEnd else { throw SessionError(.unreadable, "\(path) is damaged before its last line") }
        try quarantine.keep(try read(wholeEnd..<size), of: self)
        do throws(Errno) {
            try file.truncate(to: wholeEnd)
            try file.write(Self.closing, at: wholeEnd)
            try file.synchronize()
        } catch {
            throw SessionError("mend \(path)", error)
        }
        trust(size: wholeEnd + Self.closing.count)
    }
}

/// Where bytes go that were cut from a session: nothing is thrown away.
struct Quarantine: Sendable {
    let directory: FilePath
    /// Told after bytes were kept: what, and where.
    let report: @Sendable (String) -> Void

    func keep(_ bytes: [UInt8], of session: borrowing SessionFile) throws(SessionError) {
        let stamp = Date().ISO8601Format().filter { $0 != ":" }
        let path = directory.appending("\(session.key.fileName).\(stamp).\(UInt32.random(in: 0 ... .max))")
        do throws(Errno) {
            let file = try File(path, O_WRONLY | O_CREAT | O_EXCL)
            try file.write(bytes, at: 0)
            try file.synchronize()
        } catch {
            throw SessionError("write \(path)", error)
        }
        report("Session \(session.key): the last write was cut short; \(bytes.count) bytes were moved to \(path)")
    }
}
