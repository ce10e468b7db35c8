extension [Record] {
    /// BEGIN_REQUEST and the whole PARAMS stream.
    package static func head(
        _ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], role: UInt16 = 1, keep: Bool = false, id: UInt16 = 1,
        longLengths: Bool = false, size: Int = 0xffff, padding: UInt8 = 0
    ) -> [Record] {
        [.begin(role: role, keep: keep, id: id)]
            + Record.stream(Record.Kind.params, Record.pairs(parameters, longLengths: longLengths), size: size, padding: padding, id: id)
            + [Record(type: Record.Kind.params, id: id)]
    }

    /// A whole STDIN stream.
    package static func body(_ content: [UInt8], size: Int = 0xffff, padding: UInt8 = 0, id: UInt16 = 1) -> [Record] {
        Record.stream(Record.Kind.stdin, content, size: size, padding: padding, id: id) + [Record(type: Record.Kind.stdin, id: id)]
    }

    /// A whole request.
    package static func request(
        _ parameters: [(String, String)] = [("REQUEST_METHOD", "GET")], body: String = "", keep: Bool = false, id: UInt16 = 1
    ) -> [Record] {
        .head(parameters, keep: keep, id: id) + .body(Array<UInt8>(body.utf8), id: id)
    }

    /// A head with these bytes as its parameters, well-formed or not.
    package static func head(untrue parameters: [UInt8]) -> [Record] {
        [.begin()] + Record.stream(Record.Kind.params, parameters) + [Record(type: Record.Kind.params)]
    }
}
