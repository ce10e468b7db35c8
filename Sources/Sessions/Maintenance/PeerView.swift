package import JSON

/// What one host sees of the files of a `PeerProbe`, and what it has just written. Goes from a responder to the doctor.
package struct PeerView: Sendable, Decodable {
    package var host: String
    /// The host's time of day, in milliseconds since 1970.
    package var milliseconds: Int
    /// In bytes; nil if there is no file.
    package var size: Int?
    /// The content's; nil if there is no file.
    package var digest: String?
    /// True if somebody has the lock.
    package var isLocked: Bool
    /// The line that was written; nil if none was.
    package var line: String?

    private enum CodingKeys: String, CodingKey {
        case host
        case milliseconds
        case size
        case digest
        case isLocked = "locked"
        case line
    }

    package var json: JSONValue {
        [
            "object": "doctor.peer", "host": .string(host), "milliseconds": .integer(milliseconds),
            "size": size.map(JSONValue.integer) ?? .null, "digest": .optional(digest), "locked": .bool(isLocked),
            "line": .optional(line),
        ]
    }
}
