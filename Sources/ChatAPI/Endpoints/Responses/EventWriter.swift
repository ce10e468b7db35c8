import JSON
import Text

/// Puts the events of a response together.
struct EventWriter {
    let object: ResponseObject
    private(set) var bytes: [UInt8] = []
    private(set) var sequenceNumber: Int

    init(_ object: ResponseObject, _ sequenceNumber: Int) { (self.object, self.sequenceNumber) = (object, sequenceNumber) }

    /// - Parameter members: as JSON without braces.
    mutating func add(_ type: String, _ members: some Collection<UInt8>) {
        // In place: there is one for each word.
        bytes += "event: ".utf8
        bytes += type.utf8
        bytes += "\ndata: {\"type\":\"".utf8
        bytes += type.utf8
        bytes += "\",\"sequence_number\":".utf8
        bytes += String(sequenceNumber).utf8
        bytes.append(UInt8(ascii: ","))
        bytes += members
        bytes += "}\n\n".utf8
        sequenceNumber += 1
    }

    mutating func add(_ type: String, _ members: [(String, JSONValue)], _ more: KeyValuePairs<String, JSONValue> = [:]) {
        add(type, JSONValue.object(members + more.map { ($0.key, $0.value) }).serialized.dropFirst().dropLast())
    }
}
