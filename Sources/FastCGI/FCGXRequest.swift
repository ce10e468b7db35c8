import CFCGI
import Glibc
import SystemPackage

/// An `FCGX_Request` at a fixed address (its streams point back at it) and libfcgi's calls on it.
///
/// libfcgi's own close waits up to 2 s for the peer (os_unix.c, `OS_Close`), so connections are closed by the listener;
/// only where `FCGX_Accept_r` fails does libfcgi close, and `detached` makes that immediate.
///
/// `@unchecked Sendable`: an `Exchange` owns it, is not copyable and is used by one task at a time.
struct FCGXRequest: @unchecked Sendable {
    enum Acceptance {
        case accepted
        /// Refused; the connection is still open.
        case refused
        /// Refused, and libfcgi has closed the connection's descriptor.
        case refusedAndClosed
    }

    private let pointer: UnsafeMutablePointer<FCGX_Request>

    init() {
        pointer = .allocate(capacity: 1)
        FCGX_InitRequest(pointer, -1, 0)
    }

    /// Lets libfcgi parse a request's head: from the descriptor, or from `head` where that was taken from the descriptor before.
    func accept(on descriptor: CInt, head: [UInt8]) -> Acceptance {
        var source = descriptor
        if !head.isEmpty {
            guard let replay = Self.socket(holding: head) else { return .refused }
            source = replay
        }
        pointer.pointee.ipcFd = source
        // Otherwise FCGX_Accept_r begins by closing the connection (fcgiapp.c, FCGX_Finish_r).
        pointer.pointee.keepConnection = 1
        pointer.pointee.detached = 1
        guard FCGX_Accept_r(pointer) == 0 else { return source == descriptor ? .refusedAndClosed : .refused }
        if source != descriptor { close(source) }
        pointer.pointee.ipcFd = descriptor
        return pointer.pointee.role == FCGI_RESPONDER ? .accepted : .refused
    }

    var parameters: [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        parameters.reserveCapacity(32)
        guard var entry = pointer.pointee.envp else { return [] }
        while let parameter = entry.pointee {
            // ReadParams writes each as "name=value".
            if let separator = strchr(parameter, CInt(UInt8(ascii: "="))) {
                let name = UnsafeRawBufferPointer(start: parameter, count: separator - parameter)
                parameters.append((String(decoding: name, as: UTF8.self), String(cString: separator + 1)))
            }
            entry += 1
        }
        return parameters
    }

    /// The next bytes of the body; nil at its end, or where the connection failed.
    func read() -> [UInt8]? {
        let first = FCGX_GetChar(pointer.pointee.in)
        guard first >= 0, let stream = pointer.pointee.in else { return nil }
        // What libfcgi has buffered is taken without a further read.
        let count = stream.pointee.stop - stream.pointee.rdNext
        return [UInt8](unsafeUninitializedCapacity: count + 1) { buffer, initialized in
            buffer[0] = UInt8(truncatingIfNeeded: first)
            initialized = 1
            buffer.withMemoryRebound(to: CChar.self) { buffer in
                guard count > 0, let start = buffer.baseAddress else { return }
                initialized += Int(FCGX_GetStr(start + 1, CInt(count), stream))
            }
        }
    }

    /// Whether the body ended where the web server said so.
    var isInputWhole: Bool { FCGX_GetError(pointer.pointee.in) == 0 }

    func write(_ bytes: [UInt8]) throws(FastCGIError) {
        let written = bytes.withUnsafeBytes { FCGX_PutStr($0.baseAddress, CInt($0.count), pointer.pointee.out) }
        guard Int(written) == bytes.count else { throw Self.connectionLost }
    }

    /// Sends what is buffered.
    func flush() throws(FastCGIError) {
        guard FCGX_FFlush(pointer.pointee.out) == 0 else { throw Self.connectionLost }
    }

    /// Sends what is buffered and END_REQUEST, and frees the request. Whether the connection can serve another one.
    func end() -> Bool {
        var failed = FCGX_FClose(pointer.pointee.err) != 0
        failed = FCGX_FClose(pointer.pointee.out) != 0 || failed
        failed = FCGX_GetError(pointer.pointee.in) != 0 || FCGX_HasSeenEOF(pointer.pointee.in) == 0 || failed
        let keeps = pointer.pointee.keepConnection != 0
        free()
        return keeps && !failed
    }

    func free() {
        FCGX_Free(pointer, 0)
        pointer.deallocate()
    }

    private static var connectionLost: FastCGIError { FastCGIError(.connection, "The web server no longer takes the response") }

    private static func socket(holding head: [UInt8]) -> CInt? {
        var ends: [CInt] = [-1, -1]
        // Not blocking: what does not fit is refused instead of waited for, and libfcgi finds an end where the head stops.
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { return nil }
        defer { close(ends[1]) }
        guard Glibc.write(ends[1], head, head.count) == head.count else {
            close(ends[0])
            return nil
        }
        return ends[0]
    }
}
