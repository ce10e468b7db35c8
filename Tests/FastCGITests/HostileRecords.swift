import Harness
import Testing

/// Bytes that are not a request. The listener closes the connection for each.
struct HostileRecords: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let records: [Record]
    /// True if the bytes are refused before libfcgi sees them.
    var isRefusedUnread = true

    /// Padding of BEGIN_REQUEST that libfcgi would take for records: a name of 2 GB, for which it has no memory, and more answers than its
    /// buffer holds. To whoever reads the protocol it is padding (specification, section 3.3).
    static let disguised = [
        Record(type: Record.Kind.params, content: [0xff, 0xff, 0xff, 0xfe, 0]).bytes,
        Record(type: Record.Kind.getValues, id: 0, content: Record.pairs((0..<4).map { _ in ("FCGI_MAX_CONNS", "") })).bytes,
        Record.begin(role: 3, id: 7).bytes, [UInt8](repeating: 0xff, count: 255),
    ]

    static let all = [
        HostileRecords(testDescription: "version 0", records: [Record(version: 0, type: 1)]),
        HostileRecords(testDescription: "version 2", records: [Record(version: 2, type: 1)]),
        HostileRecords(testDescription: "an HTTP request", records: [Record(version: UInt8(ascii: "G"), type: UInt8(ascii: "E"))]),
        HostileRecords(testDescription: "no BEGIN_REQUEST", records: Array([Record].request().dropFirst())),
        HostileRecords(testDescription: "STDIN first", records: .body([1])),
        HostileRecords(testDescription: "ABORT_REQUEST first", records: [Record(type: Record.Kind.abort)]),
        HostileRecords(testDescription: "an unknown type", records: [.begin(), Record(type: 99)]),
        HostileRecords(testDescription: "ABORT_REQUEST inside the head", records: [.begin(), Record(type: Record.Kind.abort)]),
        HostileRecords(testDescription: "STDIN inside the head", records: [.begin()] + .body([1])),
        HostileRecords(testDescription: "BEGIN_REQUEST of 7 bytes", records: [Record(type: 1, content: [0, 1, 0, 0, 0, 0, 0])]),
        HostileRecords(testDescription: "BEGIN_REQUEST of 9 bytes", records: [Record(type: 1, content: [0, 1, 0, 0, 0, 0, 0, 0, 0])]),
        HostileRecords(testDescription: "BEGIN_REQUEST without content", records: [Record(type: 1)]),
        HostileRecords(testDescription: "PARAMS of another request", records: [.begin()] + [Record].head(id: 2).dropFirst()),
        HostileRecords(
            testDescription: "a second request inside the head", records: [.begin(), .begin(id: 2)] + [Record].head().dropFirst()),
        HostileRecords(testDescription: "a name of 2 GB", records: .head(untrue: [0xff, 0xff, 0xff, 0xfe, 0, 0x41])),
        HostileRecords(
            testDescription: "a name and a value of 2 GB each",
            records: .head(untrue: [0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe, 0x41])),
        HostileRecords(testDescription: "a cut-off length", records: .head(untrue: [0x80, 0])),
        HostileRecords(
            testDescription: "a management record inside the head",
            records: [.begin(), Record(type: Record.Kind.getValues, id: 0)]),
        HostileRecords(
            testDescription: "FCGI_GET_VALUES of more than libfcgi's answer holds",
            records: [
                Record(
                    type: Record.Kind.getValues, id: 0,
                    content: Record.pairs((0..<30).map { _ in ("FCGI_MPXS_CONNS", "") }))
            ]),
        HostileRecords(
            testDescription: "FCGI_GET_VALUES with a name and a value of 2 GB each",
            records: [Record(type: Record.Kind.getValues, id: 0, content: [0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe, 0x41])]),
        HostileRecords(testDescription: "the role AUTHORIZER", records: .head(role: 2), isRefusedUnread: false),
        HostileRecords(testDescription: "the role FILTER", records: .head(role: 3), isRefusedUnread: false),
        HostileRecords(testDescription: "the role 77", records: .head(role: 77), isRefusedUnread: false),
        HostileRecords(testDescription: "the role 0", records: .head(role: 0), isRefusedUnread: false),
    ]
}
