/// One FastCGI record (specification, section 3.3), made and read by hand, so that libfcgi is not its own oracle.
struct Record: Equatable {
    enum Kind {
        static let begin: UInt8 = 1
        static let abort: UInt8 = 2
        static let end: UInt8 = 3
        static let params: UInt8 = 4
        static let stdin: UInt8 = 5
        static let stdout: UInt8 = 6
        static let stderr: UInt8 = 7
        static let getValues: UInt8 = 9
        static let getValuesResult: UInt8 = 10
        static let unknownType: UInt8 = 11
    }

    var version: UInt8 = 1
    var type: UInt8
    var id: UInt16 = 1
    var content: [UInt8] = []
    var padding: UInt8 = 0

    var bytes: [UInt8] {
        [version, type, UInt8(id >> 8), UInt8(id & 0xff), UInt8(content.count >> 8), UInt8(content.count & 0xff), padding, 0]
            + content + [UInt8](repeating: 0xee, count: Int(padding))
    }

    static func begin(role: UInt16 = 1, keep: Bool = false, id: UInt16 = 1) -> Record {
        Record(type: Kind.begin, id: id, content: [UInt8(role >> 8), UInt8(role & 0xff), keep ? 1 : 0, 0, 0, 0, 0, 0])
    }

    /// Records of a stream without its end: at most `size` bytes each.
    static func stream(_ type: UInt8, _ content: [UInt8], size: Int = 0xffff, padding: UInt8 = 0, id: UInt16 = 1) -> [Record] {
        stride(from: 0, to: content.count, by: size).map { start in
            Record(type: type, id: id, content: Array(content[start..<min(content.count, start + size)]), padding: padding)
        }
    }

    /// Name-value pairs (section 3.4). Lengths take one byte where they fit, unless all are to be long.
    static func pairs(_ pairs: [(String, String)], longLengths: Bool = false) -> [UInt8] {
        pairs.flatMap { name, value in
            length(name.utf8.count, isLong: longLengths) + length(value.utf8.count, isLong: longLengths) + name.utf8 + value.utf8
        }
    }

    static func length(_ length: Int, isLong: Bool) -> [UInt8] {
        guard isLong || length > 127 else { return [UInt8(length)] }
        return [UInt8(length >> 24) | 0x80, UInt8(length >> 16 & 0xff), UInt8(length >> 8 & 0xff), UInt8(length & 0xff)]
    }
}

extension [Record] {
    var bytes: [UInt8] { flatMap(\.bytes) }
}
