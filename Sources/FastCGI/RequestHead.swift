import Text

/// What the bytes that have arrived on a connection are.
///
/// libfcgi blocks until a head (BEGIN_REQUEST and the whole PARAMS stream) has arrived, and believes every length in it: it allocates
/// whatever size a parameter announces and aborts the process if that fails (fcgiapp.c, `ReadParams`, `Malloc`). So libfcgi gets a head
/// only once it is complete and its lengths have been checked.
enum RequestHead: Equatable {
    /// More bytes are needed.
    case incomplete
    /// The first `length` bytes are a request's whole head.
    case complete(length: Int)
    /// Management records only; `ManagementRecord` answers them.
    case management
    /// A request whose head is longer than `maximumLength`.
    case tooLong(requestID: Int)
    /// Not something this responder accepts; the connection is closed.
    case invalid(String)

    /// The largest head, in bytes: twice the headers that nginx lets through, and the capacity of a pipe (pipe(7)).
    static let maximumLength = 64 << 10

    // FastCGI specification, sections 3.3 and 8.
    private static let headerLength = 8
    static let version: UInt8 = 1
    static let beginRequest: UInt8 = 1
    static let abortRequest: UInt8 = 2
    private static let endRequest: UInt8 = 3
    private static let params: UInt8 = 4
    private static let stdout: UInt8 = 6
    private static let getValues: UInt8 = 9

    static func inspect<Bytes: RandomAccessCollection<UInt8>>(_ bytes: Bytes) -> RequestHead where Bytes.Index == Int {
        var offset = 0
        var requestID: Int?
        var parameters: [UInt8] = []
        while bytes.count - offset >= headerLength {
            let type = bytes[offset + 1]
            let id = Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3])
            let contentLength = Int(bytes[offset + 4]) << 8 | Int(bytes[offset + 5])
            let end = offset + headerLength + contentLength + Int(bytes[offset + 6])
            guard bytes[offset] == version else { return .invalid("unknown protocol version \(bytes[offset])") }
            switch (type, id) {
            case (beginRequest, 1...):
                guard contentLength == 8 else { return .invalid("BEGIN_REQUEST of \(contentLength) bytes") }
                guard requestID == nil else { return .invalid("a second request inside a head") }
                requestID = id
            case (_, 0):
                // libfcgi answers FCGI_GET_VALUES from a 64-byte buffer without checking the size: its three names fit, once each.
                guard type != getValues || contentLength <= 48 else { return .invalid("FCGI_GET_VALUES of \(contentLength) bytes") }
                let content = bytes.dropFirst(offset + headerLength).prefix(contentLength)
                guard type != getValues || content.count < contentLength || holdsWholePairs(Array(content)) else {
                    return .invalid("FCGI_GET_VALUES with untrue lengths")
                }
                guard requestID == nil else { return .invalid("management record inside a request") }
            case (params, requestID):
                guard contentLength > 0 else {
                    guard offset + headerLength <= maximumLength else { return tooLong(requestID) }
                    return holdsWholePairs(parameters)
                        ? .complete(length: offset + headerLength) : .invalid("parameters with untrue lengths")
                }
                let content = offset + headerLength
                parameters += bytes.dropFirst(content).prefix(contentLength)
            default:
                return .invalid("record of type \(type) where a request should begin")
            }
            guard end <= bytes.count else { break }
            offset = end
        }
        if bytes.count >= maximumLength { return tooLong(requestID) }
        if requestID == nil, offset > 0, offset == bytes.count { return .management }
        return .incomplete
    }

    /// A complete head without its padding. libfcgi forgets the padding of BEGIN_REQUEST (fcgiapp.c, `SetReaderType`) and would parse it
    /// as records, whose lengths have not been checked.
    static func withoutPadding(_ head: [UInt8]) -> [UInt8] {
        var records: [UInt8] = []
        records.reserveCapacity(head.count)
        var rest = head[...]
        while rest.count >= headerLength {
            let start = rest.startIndex
            let contentLength = Int(rest[start + 4]) << 8 | Int(rest[start + 5])
            let padding = Int(rest[start + 6])
            rest[start + 6] = 0
            records += rest.prefix(headerLength + contentLength)
            rest = rest.dropFirst(headerLength + contentLength + padding)
        }
        return records
    }

    private static func tooLong(_ requestID: Int?) -> RequestHead {
        requestID.map { .tooLong(requestID: $0) } ?? .invalid("more than \(maximumLength) bytes of parameters")
    }

    /// A whole response to a request (sections 5.5 and 6.2): what libfcgi would send, for a request that it never gets.
    static func records(of response: [UInt8], requestID: Int) -> [UInt8] {
        func record(_ type: UInt8, _ content: ArraySlice<UInt8>) -> [UInt8] {
            [version, type, UInt8(requestID >> 8), UInt8(requestID & 0xff), UInt8(content.count >> 8), UInt8(content.count & 0xff), 0, 0]
                + content
        }
        return record(stdout, response.prefix(0xffff)) + record(stdout, []) + record(endRequest, [0, 0, 0, 0, 0, 0, 0, 0])
    }

    /// True if the name-value pairs (section 3.4) end exactly where the stream does.
    private static func holdsWholePairs(_ parameters: [UInt8]) -> Bool {
        var offset = 0
        func length() -> Int? {
            guard offset < parameters.count else { return nil }
            let first = Int(parameters[offset])
            guard first >= 0x80 else {
                offset += 1
                return first
            }
            guard parameters.count - offset >= 4 else { return nil }
            defer { offset += 4 }
            return (first & 0x7f) << 24 | Int(parameters[offset + 1]) << 16 | Int(parameters[offset + 2]) << 8 | Int(parameters[offset + 3])
        }
        while offset < parameters.count {
            guard let name = length(), let value = length(), name + value <= parameters.count - offset else { return false }
            offset += name + value
        }
        return true
    }
}
