import Glibc

/// Finds a session's objects in a text of any layout. Where the text is damaged, it goes on at the next object.
///
/// It checks the structure only (RFC 8259, section 2): what it finds is checked when it is decoded. After damage it goes back at most to
/// the beginning of one string. A string contains no quotation marks, so each byte is read a bounded number of times.
struct SessionObjectScanner {
    private enum Expected { case name, nameOrEnd, colon, value, valueOrEnd, separator }

    private struct Container {
        var start: Int
        var isObject: Bool
        /// True if it has a member that turns, summaries or headers have.
        var isWanted = false
    }

    private var bytes: [UInt8] = []
    private var position = 0
    private var isComplete = false
    /// The objects and arrays around the position, the outermost first. Outside of objects everything is passed over.
    private var containers: [Container] = []
    private var expected = Expected.nameOrEnd
    /// True if the value of a member `turns` is expected.
    private var isBeforeTurns = false
    /// The beginning of the string that ends before the position. Damage may have begun in it.
    private var stringStart: Int?

    /// The number of bytes that are held, because an object begins in them.
    var byteCount: Int { bytes.count }

    /// Adds the next bytes of the text; an empty chunk is its end.
    mutating func append(_ chunk: [UInt8]) {
        let done = containers.first?.start ?? position
        bytes.removeSubrange(..<done)
        position -= done
        stringStart = stringStart.map { $0 - done }
        for index in containers.indices { containers[index].start -= done }
        bytes += chunk
        isComplete = chunk.isEmpty
        // No object of a session is that long.
        if bytes.count > 2 * SessionFile.longestLine { restart() }
    }

    /// The next object that may be a turn, a summary or a header; nil if that takes more bytes. A header is closed where its turns begin.
    mutating func next() -> ArraySlice<UInt8>? {
        while position < bytes.count {
            if containers.isEmpty {
                position = nextBrace()
                if position < bytes.count { open(isObject: true) }
                continue
            }
            switch bytes[position] {
            case 0x20, 0x0a, 0x0d, 0x09: position += 1
            case UInt8(ascii: "\""): guard takeString() else { return nil }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                let isObject = bytes[position] == UInt8(ascii: "{")
                if isBeforeTurns, !isObject, containers.count == 1 { return header() }
                if expectsValue, containers.count < Self.deepest { open(isObject: isObject) } else { restart() }
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if let object = close(isObject: bytes[position] == UInt8(ascii: "}")) { return object }
            case UInt8(ascii: ":") where expected == .colon: take(1, then: .value)
            case UInt8(ascii: ",") where expected == .separator: take(1, then: containers.last?.isObject == true ? .name : .value)
            case let byte where expectsValue && Self.isLiteral(byte):
                guard let end = bytes[position...].firstIndex(where: { !Self.isLiteral($0) }) else { return nil }
                take(end - position, then: .separator)
            default: restart()
            }
        }
        return nil
    }

    private static let deepest = 512

    private var expectsValue: Bool { expected == .value || expected == .valueOrEnd }

    private static func isLiteral(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-+.E".utf8.contains(byte)
        }
    }

    /// The next place where an object may begin. memchr(3) compares many bytes at a time.
    private func nextBrace() -> Int {
        bytes[position...].withUnsafeBytes { rest in
            guard let start = rest.baseAddress, let found = memchr(start, CInt(UInt8(ascii: "{")), rest.count) else { return bytes.count }
            return position + (UnsafeRawPointer(found) - start)
        }
    }

    private mutating func take(_ count: Int, then next: Expected) {
        position += count
        expected = next
        stringStart = nil
        isBeforeTurns = isBeforeTurns && next == .value
    }

    private mutating func open(isObject: Bool) {
        containers.append(Container(start: position, isObject: isObject))
        take(1, then: isObject ? .nameOrEnd : .valueOrEnd)
    }

    /// Ends the innermost object or array. Returns it if it is wanted.
    private mutating func close(isObject: Bool) -> ArraySlice<UInt8>? {
        let isEnd = expected == .separator || expected == (isObject ? .nameOrEnd : .valueOrEnd)
        guard isEnd, let container = containers.last, container.isObject == isObject else {
            restart()
            return nil
        }
        containers.removeLast()
        take(1, then: .separator)
        return container.isWanted ? bytes[container.start..<position] : nil
    }

    /// Ends the object whose turns begin here.
    private mutating func header() -> ArraySlice<UInt8> {
        let header = bytes[(containers.last?.start ?? position)...position] + Array("]}".utf8)
        take(1, then: .nameOrEnd)
        containers = []
        return header
    }

    /// Moves past a string; false if its end takes more bytes.
    private mutating func takeString() -> Bool {
        var end = position + 1
        while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\"") {
            let isEscape = bytes[end] == UInt8(ascii: "\\") && end + 1 < bytes.count && bytes[end + 1] >= 0x20
            end += isEscape ? 2 : 1
        }
        guard end < bytes.count || isComplete else { return false }
        let isName = expected == .name || expected == .nameOrEnd
        guard isName || expectsValue else {
            restart()
            return true
        }
        let start = position
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else {
            stringStart = start
            restart()
            return true
        }
        let text = bytes[(start + 1)..<end]
        take(end + 1 - start, then: isName ? .colon : .separator)
        stringStart = start
        guard isName else { return true }
        if Self.wantedNames.contains(where: { text.elementsEqual($0.utf8) }) { containers[containers.count - 1].isWanted = true }
        isBeforeTurns = text.elementsEqual("turns".utf8)
        return true
    }

    private static let wantedNames = ["messages", "summary", "format"]

    /// Gives up what has begun, and looks for the next object: in the last string, if that may have begun with the damage.
    private mutating func restart() {
        position = stringStart.map { $0 + 1 } ?? position
        containers = []
        stringStart = nil
        isBeforeTurns = false
    }
}
