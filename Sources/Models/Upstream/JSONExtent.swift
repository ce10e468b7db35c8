import Text

/// Finds the end of a JSON object or array that arrives in chunks. It looks at brackets and quotation marks only.
struct JSONExtent {
    private var depth = 0
    private var isEscaped = false
    /// Nil before the first byte that is not white space; false if that byte begins neither an object nor an array.
    private var isContainer: Bool?
    /// True within a string.
    private(set) var isInString = false
    private(set) var isComplete = false

    mutating func read(_ bytes: some Sequence<UInt8>) {
        for byte in bytes where isContainer != false && !isComplete {
            if isEscaped {
                isEscaped = false
            } else if isInString {
                isEscaped = byte == UInt8(ascii: "\\")
                isInString = byte != UInt8(ascii: "\"")
            } else {
                read(byte)
            }
        }
    }

    private mutating func read(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
        case UInt8(ascii: "\""): isInString = isContainer == true
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"): return
        default: break
        }
        if isContainer == nil { isContainer = depth == 1 }
        isComplete = depth == 0 && isContainer == true
    }
}
