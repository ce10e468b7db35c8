/// One FastCGI record (specification, section 3.3), made and read by hand, so that libfcgi is not its own oracle.
package struct Record: Equatable, Sendable {
    package enum Kind {
        package static let begin: UInt8 = 1
        package static let abort: UInt8 = 2
        package static let end: UInt8 = 3
        package static let params: UInt8 = 4
        package static let stdin: UInt8 = 5
        package static let stdout: UInt8 = 6
        package static let stderr: UInt8 = 7
        package static let getValues: UInt8 = 9
        package static let getValuesResult: UInt8 = 10
        package static let unknownType: UInt8 = 11
    }

    package var version: UInt8 = 1
    package var type: UInt8
    package var id: UInt16 = 1
    package var content: [UInt8] = []
    package var padding: UInt8 = 0

    package init(version: UInt8 = 1, type: UInt8, id: UInt16 = 1, content: [UInt8] = [], padding: UInt8 = 0) {
        (self.version, self.type, self.id, self.content, self.padding) = (version, type, id, content, padding)
    }

    /// The record that begins at `start`, and where it ends. Nil if it is not whole.
    package static func first(in received: [UInt8], from start: Int = 0) -> (record: Record, end: Int)? {
        guard received.count >= start + 8 else { return nil }
        let length = Int(received[start + 4]) << 8 | Int(received[start + 5])
        let end = start + 8 + length + Int(received[start + 6])
        guard received.count >= end else { return nil }
        let id = UInt16(received[start + 2]) << 8 | UInt16(received[start + 3])
        let record = Record(
            version: received[start], type: received[start + 1], id: id, content: Array(received[(start + 8)..<(start + 8 + length)]),
            padding: received[start + 6])
        return (record, end)
    }

    package var bytes: [UInt8] {
        [version, type, UInt8(id >> 8), UInt8(id & 0xff), UInt8(content.count >> 8), UInt8(content.count & 0xff), padding, 0]
            + content + [UInt8](repeating: 0xee, count: Int(padding))
    }

    package static func begin(role: UInt16 = 1, keep: Bool = false, id: UInt16 = 1) -> Record {
        Record(type: Kind.begin, id: id, content: [UInt8(role >> 8), UInt8(role & 0xff), keep ? 1 : 0, 0, 0, 0, 0, 0])
    }

    /// Records of a stream without its end: at most `size` bytes each.
    package static func stream(_ type: UInt8, _ content: [UInt8], size: Int = 0xffff, padding: UInt8 = 0, id: UInt16 = 1) -> [Record] {
        stride(from: 0, to: content.count, by: size).map { start in
            Record(type: type, id: id, content: Array(content[start..<min(content.count, start + size)]), padding: padding)
        }
    }

    /// Name-value pairs (section 3.4). Lengths take one byte where they fit, unless `longLengths`.
    package static func pairs(_ pairs: [(String, String)], longLengths: Bool = false) -> [UInt8] {
        pairs.flatMap { name, value in
            length(name.utf8.count, isLong: longLengths) + length(value.utf8.count, isLong: longLengths) + name.utf8 + value.utf8
        }
    }

    package static func length(_ length: Int, isLong: Bool) -> [UInt8] {
        guard isLong || length > 127 else { return [UInt8(length)] }
        return [UInt8(length >> 24) | 0x80, UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
    }
}

extension [Record] {
    package var bytes: [UInt8] { flatMap(\.bytes) }
}
