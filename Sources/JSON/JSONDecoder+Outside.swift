package import FoundationEssentials
import Glibc

extension JSONDecoder {
    /// Reads JSON from outside, as all of the program's JSON is. `decode` itself is called nowhere else: it ends the process if the text ends
    /// in the `[` of an array that is nested too deeply (Swift 6.3 on Linux: JSONScanner computes a position beyond the end), and it takes
    /// text with zeros for UTF-16.
    ///
    /// - Throws: `DecodingError`, also if arrays and objects are nested deeper than 512.
    package func read<Value: Decodable>(_ type: Value.Type, from text: ArraySlice<UInt8>) throws -> Value {
        guard text.withUnsafeBytes(Self.isReadable) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it is nested too deep, or has zeros"))
        }
        return try decode(type, from: Data(text))
    }

    /// The limit of FoundationEssentials.
    private static let deepest = 512

    private static func isReadable(_ text: UnsafeRawBufferPointer) -> Bool {
        guard !contains(moreThan: 0, of: 0, in: text) else { return false }
        // Most texts have too few brackets to be worth counting.
        let mayBeDeep = "[{".utf8.contains { contains(moreThan: deepest / 2, of: $0, in: text) }
        return !mayBeDeep || depth(text) <= deepest
    }

    /// True if a text contains a byte more than `limit` times. memchr(3) compares many bytes at a time.
    private static func contains(moreThan limit: Int, of byte: UInt8, in text: UnsafeRawBufferPointer) -> Bool {
        var rest = text[...]
        for _ in 0...limit {
            let bytes = UnsafeRawBufferPointer(rebasing: rest)
            guard let start = bytes.baseAddress, let found = memchr(start, CInt(byte), bytes.count) else { return false }
            rest = rest.dropFirst(UnsafeRawPointer(found) - start + 1)
        }
        return true
    }

    /// The depth of nested arrays and objects, provided that the text is JSON.
    private static func depth(_ text: UnsafeRawBufferPointer) -> Int {
        var (depth, deepest) = (0, 0)
        var isInString = false
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): isInString.toggle()
            // Skips the escaped byte.
            case UInt8(ascii: "\\") where isInString: index += 1
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                if !isInString { depth += 1 }
                deepest = max(deepest, depth)
            case UInt8(ascii: "]"), UInt8(ascii: "}"): if !isInString { depth -= 1 }
            default: break
            }
            index += 1
        }
        return deepest
    }
}
