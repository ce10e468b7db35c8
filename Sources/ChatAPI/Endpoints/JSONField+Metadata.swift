import JSON
import Text

extension JSONField {
    /// What a client notes of an object: at most 16 pairs of texts.
    func metadata() throws -> JSONValue {
        try ChatRequest.checkMetadata(self)
        for member in try members() {
            guard member.name.unicodeScalars.count <= 64 else { throw refused("must have names of at most 64 characters") }
            guard try member.field.string().unicodeScalars.count <= 512 else {
                throw member.field.refused("must have at most 512 characters")
            }
        }
        return value
    }
}
