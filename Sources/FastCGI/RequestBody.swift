import Glibc
import SystemPackage

/// The records after a request's head: its body, in STDIN records (FastCGI specification, section 5.3).
///
/// libfcgi does not read them, for two reasons. It would block a worker during a slow upload. And it answers a management record among
/// them from a 64-byte buffer without checking the size (fcgiapp.c, `ProcessManagementRecord`), so a peer could end the process.
struct RequestBody {
    enum Step {
        case chunk([UInt8])
        /// Nothing has arrived.
        case wait
        case end
        /// The peer left, aborted the request or sent something that does not belong here.
        case failure
    }

    private let descriptor: CInt
    private let requestID: Int
    /// Received bytes that have not been parsed yet.
    private var bytes: ArraySlice<UInt8>
    /// How much of the current record is still to come.
    private var contentLeft = 0
    private var paddingLeft: Int
    /// True if the current record belongs to this body.
    private var isOurs = true
    private var isLast = false
    private var hasFailed = false

    private static let receiveLength = 32 << 10
    private static let headerLength = 8
    private static let stdin: UInt8 = 5

    /// - Parameters:
    ///   - head: the request's head. The padding of its last record comes first after it.
    ///   - rest: what has been read after the head. The descriptor has what follows.
    init(of requestID: Int, on descriptor: CInt, after head: [UInt8], _ rest: ArraySlice<UInt8>) {
        (self.requestID, self.descriptor, bytes) = (requestID, descriptor, rest)
        paddingLeft = Int(head[head.count - 2])
    }

    /// True if the whole body has been read.
    var isComplete: Bool { isLast && paddingLeft == 0 && !hasFailed }

    /// True if bytes were received that do not belong to this request.
    var hasExcess: Bool { !bytes.isEmpty }

    /// Returns what comes next, without blocking.
    mutating func next() -> Step {
        while !hasFailed {
            if contentLeft > 0, !bytes.isEmpty {
                let chunk = bytes.prefix(contentLeft)
                bytes = bytes.dropFirst(chunk.count)
                contentLeft -= chunk.count
                if isOurs { return .chunk(Array(chunk)) }
            } else if contentLeft == 0, paddingLeft > 0, !bytes.isEmpty {
                let padding = bytes.prefix(paddingLeft).count
                bytes = bytes.dropFirst(padding)
                paddingLeft -= padding
            } else if isComplete {
                return .end
            } else if contentLeft == 0, paddingLeft == 0, bytes.count >= Self.headerLength {
                hasFailed = !beginRecord(Array(bytes.prefix(Self.headerLength)))
                bytes = bytes.dropFirst(Self.headerLength)
            } else {
                do throws(Errno) {
                    let received = try receive()
                    guard !received.isEmpty else { throw .connectionReset }
                    bytes += received
                } catch {
                    if error == .wouldBlock { return .wait }
                    hasFailed = true
                }
            }
        }
        return .failure
    }

    /// Parses a record's header. False if the record may not come here.
    private mutating func beginRecord(_ header: [UInt8]) -> Bool {
        let id = Int(header[2]) << 8 | Int(header[3])
        contentLeft = Int(header[4]) << 8 | Int(header[5])
        paddingLeft = Int(header[6])
        isOurs = id == requestID
        guard header[0] == RequestHead.version, id != 0 else { return false }
        guard isOurs else {
            // A connection serves one request at a time: refuse this one and skip its records.
            if header[1] == RequestHead.beginRequest { refuse(id) }
            return true
        }
        isLast = contentLeft == 0
        return header[1] == Self.stdin
    }

    /// Sends END_REQUEST with FCGI_CANT_MPX_CONN (section 5.5).
    private func refuse(_ id: Int) {
        let record: [UInt8] = [1, 3, UInt8(id >> 8), UInt8(id & 0xff), 0, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
        send(descriptor, record, record.count, CInt(MSG_DONTWAIT | MSG_NOSIGNAL))
    }

    private func receive() throws(Errno) -> [UInt8] {
        var failure: Errno?
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.receiveLength) { buffer, count in
            do throws(Errno) {
                count = try systemCall { recv(descriptor, buffer.baseAddress, buffer.count, CInt(MSG_DONTWAIT)) }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
