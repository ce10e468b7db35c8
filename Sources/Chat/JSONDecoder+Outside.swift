public import FoundationEssentials

extension JSONDecoder {
    /// Reads JSON that came from outside. All of the program's text does, and `decode` itself is called nowhere else: it ends the process
    /// where the text ends in the `[` of an array that is nested too deep (Swift 6.3, Linux: JSONScanner computes a position behind the end),
    /// and it takes text with zeros for UTF-16.
    ///
    /// - Throws: `DecodingError`, also where arrays and objects are nested deeper than 512.
    public func read<Value: Decodable>(_ type: Value.Type, from text: ArraySlice<UInt8>) throws -> Value {
        guard text.withUnsafeBytes(Self.isReadable) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "it is nested too deep, or has zeros"))
        }
        return try decode(type, from: Data(text))
    }

    /// JSONScanner's own limit.
    private static let deepest = 512

    private static func isReadable(_ text: UnsafeRawBufferPointer) -> Bool {
        var openings = 0
        var zeros = 0
        for byte in text {
            // `[` and `{` differ in one bit.
            openings += byte & 0xdf == UInt8(ascii: "[") ? 1 : 0
            zeros += byte == 0 ? 1 : 0
        }
        return zeros == 0 && (openings <= deepest || depth(text) <= deepest)
    }

    /// How deep arrays and objects are nested, as far as the text is JSON.
    private static func depth(_ text: UnsafeRawBufferPointer) -> Int {
        var (depth, deepest) = (0, 0)
        var isInString = false
        var index = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "\""): isInString.toggle()
            // What follows is escaped.
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
