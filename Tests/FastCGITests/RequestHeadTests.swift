import Harness
import Testing

@testable import FastCGI

@Suite("RequestHead")
struct RequestHeadTests {
    private func inspect(_ records: [Record]) -> RequestHead { RequestHead.inspect(records.bytes) }

    @Test(
        "a head is complete with its last byte and not before, and does not include what follows",
        arguments: [
            [Record].head([]), .head(), .head([("A", ""), ("", "b")], longLengths: true),
            .head([("A", String(repeating: "b", count: 300))]),
            .head([("NAME", "value"), ("OTHER", "other")], size: 5, padding: 3), .head(keep: true, id: 0xffff, padding: 255),
        ])
    func complete(records: [Record]) {
        let head = records.bytes
        for count in 0..<head.count {
            #expect(RequestHead.inspect(head[..<count]) == .incomplete, "the first \(count) of \(head.count) bytes")
        }
        #expect(RequestHead.inspect(head) == .complete(length: head.count))
        #expect(RequestHead.inspect(head + [Record].body([1, 2, 3]).bytes) == .complete(length: head.count))
        #expect(RequestHead.inspect(head + [0xff]) == .complete(length: head.count))
    }

    @Test(
        "parameters with wrong lengths are refused",
        arguments: [
            [0x80], [1], [0xff, 0xff, 0xff, 0xff], [1, 0xff, 0xff, 0xff, 0xff, 0x41], [1, 0x80, 0, 0], [2, 0, 0x41], [0, 1],
            [0, 0, 1, 0], [1, 1, 0x41, 0x42, 1],
            // A name of 2 GB, and a name and a value whose sum overflows 32 bits.
            [0xff, 0xff, 0xff, 0xfe, 0, 0x41], [0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe, 0x41],
        ] as [[UInt8]])
    func untrueLengths(parameters: [UInt8]) {
        #expect(inspect(.head(untrue: parameters)) == .invalid("parameters with untrue lengths"))
    }

    @Test("what is not a request is refused at its first record's header", arguments: HostileRecords.all.filter(\.isRefusedUnread))
    func refused(hostile: HostileRecords) {
        guard case .invalid = inspect(hostile.records) else {
            Issue.record("\(inspect(hostile.records))")
            return
        }
    }

    @Test("management records alone are told apart from management records before a request")
    func management() {
        let values = Record(type: Record.Kind.getValues, id: 0, content: Record.pairs([("FCGI_MPXS_CONNS", "")]), padding: 7)
        #expect(inspect([values]) == .management)
        #expect(inspect([values, values]) == .management)
        #expect(inspect([Record(type: 99, id: 0)]) == .management)
        for count in 0..<values.bytes.count { #expect(RequestHead.inspect(values.bytes.prefix(count)) == .incomplete) }
        let request: [Record] = .head()
        #expect(inspect([values] + request) == .complete(length: ([values] + request).bytes.count))
    }

    @Test("a head may be as large as the limit and no larger")
    func length() {
        // The bytes around one value with a 4-byte length: BEGIN, a header, the two lengths, the name, and the end.
        let room = RequestHead.maximumLength - 16 - 8 - 6 - 8
        let value = String(repeating: "v", count: room - 8)
        let largest = [Record].head([("N", value)], size: 0x8000)
        #expect(largest.bytes.count == RequestHead.maximumLength)
        #expect(inspect(largest) == .complete(length: RequestHead.maximumLength))
        let larger = [Record].head([("N", value + "v")], size: 0x8000)
        let unfinished = [Record].head([("N", value + "12345678")], size: 0x8000).dropLast()
        for records in [larger, Array(unfinished), .head([("N", value + value)], size: 0x8000)] {
            #expect(inspect(records) == .tooLong(requestID: 1), "\(records.bytes.count) bytes")
        }
    }
}
