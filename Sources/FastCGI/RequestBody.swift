import Glibc
import SystemPackage

/// The records behind a request's head: its body, in STDIN records (FastCGI specification, section 5.3).
///
/// They are not left to libfcgi. It waits for them on a worker, which a slow upload would hold; and where a management record comes among
/// them it answers from a 64-byte buffer that it does not measure (fcgiapp.c, `ProcessManagementRecord`), so that a peer can end the process.
struct RequestBody {
    enum Step {
        case piece([UInt8])
        /// Nothing has arrived.
        case wait
        case end
        /// The peer left, aborted the request or sent what does not belong here.
        case failure
    }

    private let descriptor: CInt
    private let requestID: Int
    /// What was received and not looked at.
    private var bytes: ArraySlice<UInt8> = []
    /// What is left of the record that was begun.
    private var contentLeft = 0
    private var paddingLeft: Int
    /// Whether the content is the body's.
    private var isOurs = true
    private var isLast = false
    private var hasFailed = false

    private static let receiveLength = 32 << 10
    private static let headerLength = 8
    private static let stdin: UInt8 = 5

    /// - Parameter head: the request's head. What comes first on the descriptor is the padding of its last record.
    init(of requestID: Int, on descriptor: CInt, after head: [UInt8]) {
        (self.requestID, self.descriptor) = (requestID, descriptor)
        paddingLeft = Int(head[head.count - 2])
    }

    /// Whether all of it was read.
    var isComplete: Bool { isLast && paddingLeft == 0 && !hasFailed }

    /// Whether bytes were received that belong to no request which is to be served.
    var hasExcess: Bool { !bytes.isEmpty }

    /// What comes next. Waits for nothing.
    mutating func next() -> Step {
        while !hasFailed {
            if contentLeft > 0, !bytes.isEmpty {
                let piece = bytes.prefix(contentLeft)
                bytes = bytes.dropFirst(piece.count)
                contentLeft -= piece.count
                if isOurs { return .piece(Array(piece)) }
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

    /// Looks at a record's header. Whether the record may come here.
    private mutating func beginRecord(_ header: [UInt8]) -> Bool {
        let id = Int(header[2]) << 8 | Int(header[3])
        contentLeft = Int(header[4]) << 8 | Int(header[5])
        paddingLeft = Int(header[6])
        isOurs = id == requestID
        guard header[0] == RequestHead.version, id != 0 else { return false }
        guard isOurs else {
            // One request at a time on a connection; what follows of this one is passed over.
            if header[1] == RequestHead.beginRequest { refuse(id) }
            return true
        }
        isLast = contentLeft == 0
        return header[1] == Self.stdin
    }

    /// Answers END_REQUEST with FCGI_CANT_MPX_CONN (section 5.5).
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
