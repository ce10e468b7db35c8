import Text

/// Answers to management records (FastCGI specification, section 4) that arrive before any request.
///
/// libfcgi would answer them only after padding or a request: it waits for more input before it checks whether the record has ended
/// (fcgiapp.c, `FillBuffProc`).
enum ManagementRecord {
    private static let headerLength = 8
    private static let getValues: UInt8 = 9
    private static let getValuesResult: UInt8 = 10
    private static let unknownType: UInt8 = 11
    private static let values = [("FCGI_MAX_CONNS", "1"), ("FCGI_MAX_REQS", "1"), ("FCGI_MPXS_CONNS", "0")]

    /// Answers whole records, which `RequestHead` has found to be management records with correct lengths.
    static func answers(to records: [UInt8]) -> [UInt8] {
        var answers: [UInt8] = []
        var rest = records[...]
        while rest.count >= headerLength {
            let start = rest.startIndex
            let contentLength = Int(rest[start + 4]) << 8 | Int(rest[start + 5])
            let content = rest.dropFirst(headerLength).prefix(contentLength)
            answers += rest[start + 1] == getValues ? result(names(in: content)) : unknown(rest[start + 1])
            rest = rest.dropFirst(headerLength + contentLength + Int(rest[start + 6]))
        }
        return answers
    }

    private static func result(_ names: [String]) -> [UInt8] {
        let content = names.flatMap { name -> [UInt8] in
            guard let value = values.first(where: { $0.0 == name })?.1 else { return [] }
            return [UInt8(name.utf8.count), UInt8(value.utf8.count)] + name.utf8 + value.utf8
        }
        return [1, getValuesResult, 0, 0, 0, UInt8(content.count), 0, 0] + content
    }

    private static func unknown(_ type: UInt8) -> [UInt8] {
        [1, unknownType, 0, 0, 0, 8, 0, 0, type, 0, 0, 0, 0, 0, 0, 0]
    }

    /// The names of name-value pairs whose lengths take one byte each. Every known name is that short.
    private static func names(in content: ArraySlice<UInt8>) -> [String] {
        var names: [String] = []
        var rest = content
        while let name = rest.popFirst(), let value = rest.popFirst(), name < 0x80, value < 0x80 {
            names.append(String(decoding: rest.prefix(Int(name)), as: UTF8.self))
            rest = rest.dropFirst(Int(name) + Int(value))
        }
        return names
    }
}
