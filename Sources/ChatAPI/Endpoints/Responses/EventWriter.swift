import JSON
import Text

/// Puts the events of a response together.
struct EventWriter {
    let object: ResponseObject
    private(set) var bytes: [UInt8] = []
    private(set) var sequenceNumber: Int

    init(_ object: ResponseObject, _ sequenceNumber: Int) { (self.object, self.sequenceNumber) = (object, sequenceNumber) }

    /// - Parameters:
    ///   - place: the event's first members, as JSON without braces.
    ///   - members: the others.
    mutating func add(_ type: String, _ place: [UInt8] = [], _ members: KeyValuePairs<String, JSONValue> = [:]) {
        // In place: there is one for each word.
        bytes += "event: ".utf8
        bytes += type.utf8
        bytes += "\ndata: {\"type\":\"".utf8
        bytes += type.utf8
        bytes += "\",\"sequence_number\":".utf8
        bytes += String(sequenceNumber).utf8
        bytes.append(UInt8(ascii: ","))
        bytes += place
        if !place.isEmpty, !members.isEmpty { bytes.append(UInt8(ascii: ",")) }
        JSONValue.append(members, to: &bytes)
        bytes += "}\n\n".utf8
        sequenceNumber += 1
    }
}
