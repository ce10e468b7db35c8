import Chat
import Files
import FoundationEssentials
import JSON
import SystemPackage

extension SessionFile {
    /// Visits the objects in a part of the file that may be turns, summaries or headers, whatever the layout and the damage around them.
    ///
    /// - Parameter visit: returns false to stop.
    static func readObjects(
        in file: borrowing File, _ range: Range<Int>, _ path: FilePath, _ visit: (ArraySlice<UInt8>) throws(SessionError) -> Bool
    ) throws(SessionError) {
        var scanner = SessionObjectScanner()
        var position = range.lowerBound
        while true {
            // The chunk grows with the object, so that a long object takes linear time.
            let end = min(range.upperBound, position + max(1 << 16, scanner.byteCount))
            let chunk = try attempt("read \(path)") { () throws(Errno) in try file.read(position..<end) }
            scanner.append(chunk)
            while let object = scanner.next() {
                guard try visit(object) else { return }
            }
            if chunk.isEmpty { return }
            position += chunk.count
        }
    }

    /// The line for a turn or summary that is written in any layout; nil if an object is neither. Members that this program does not know
    /// are kept.
    static func line(for object: ArraySlice<UInt8>, _ decoder: ValueDecoder) -> [UInt8]? {
        let known = (try? decoder.read(Turn.self, from: object).line) ?? (try? decoder.read(HistorySummary.self, from: object).line)
        guard let known, let value = tree(object) else { return nil }
        let isKnown = tree(known[...]).map { sorted($0) == sorted(value) } ?? false
        guard !isKnown, case .object(let members) = value else { return isWhole(known[...], decoder) ? known : nil }
        let line = JSONValue.object(inOrder(members)).serialized
        return isWhole(line[...], decoder) ? line : nil
    }

    private static func tree(_ object: ArraySlice<UInt8>) -> JSONValue? {
        var scanner = JSONScanner(Array(object))
        return try? scanner.tree()
    }

    /// The same value with the members of all objects in one order.
    private static func sorted(_ value: JSONValue) -> JSONValue {
        switch value {
        case .object(let members):
            .object(members.map { ($0.0, sorted($0.1)) }.sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) })
        case .array(let elements): .array(elements.map(sorted))
        default: value
        }
    }

    /// The members of a turn or summary in the order of FORMAT.md, in which programs look for them. Unknown members stay, in the middle.
    private static func inOrder(_ members: [(String, JSONValue)]) -> [(String, JSONValue)] {
        let first = ["id", "at", "messages", "summary", "covers"].map { Array($0.utf8) }
        let last = ["model", "finish_reason", "usage", "request"].map { Array($0.utf8) }
        func place(_ name: String) -> Int {
            let name = Array(name.utf8)
            return first.firstIndex(of: name).map { $0 - first.count } ?? last.firstIndex(of: name).map { $0 + 1 } ?? 0
        }
        return members.enumerated().sorted { (place($0.element.0), $0.offset) < (place($1.element.0), $1.offset) }.map(\.element)
    }

    /// What a header says, in any layout.
    struct LooseHeader: Decodable {
        var format: String
        var key: String?
        var createdAt: String?

        enum CodingKeys: String, CodingKey {
            case format
            case key
            case createdAt = "created_at"
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: CodingKeys.self)
            format = try container.decode(String.self, forKey: .format)
            // A newer version may have something else there.
            key = try? container.decode(String.self, forKey: .key)
            createdAt = try? container.decode(String.self, forKey: .createdAt)
        }
    }

    /// The file's header in any layout; nil if its first 64 KiB have none.
    static func looseHeader(in file: borrowing File, _ path: FilePath) throws(SessionError) -> LooseHeader? {
        var header: LooseHeader?
        try readObjects(in: file, 0..<1 << 16, path) { object in
            header = try? ValueDecoder().read(LooseHeader.self, from: object)
            return header == nil
        }
        return header
    }
}
