import CFCGI
import Glibc
import SystemPackage

/// An `FCGX_Request` at a fixed address (its streams point back at it) and libfcgi's calls on it.
///
/// libfcgi's own close waits up to 2 s for the peer (os_unix.c, `OS_Close`), so connections are closed by the listener;
/// only where `FCGX_Accept_r` fails does libfcgi close what it reads from, and `detached` makes that immediate.
///
/// `@unchecked Sendable`: the pointer never changes, and what it points at is touched by the methods below alone. The one `Exchange` that
/// holds it calls them; an `Exchange` cannot be copied, so it has one owner, and one task at a time uses it.
struct FCGXRequest: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<FCGX_Request>

    init() {
        pointer = .allocate(capacity: 1)
        FCGX_InitRequest(pointer, -1, 0)
    }

    /// Lets libfcgi parse a request's head, which was taken from the descriptor. False where libfcgi, or the role, says no.
    func accept(_ head: [UInt8], on descriptor: CInt, through pipes: HeadPipes) -> Bool {
        guard let pipe = pipes.take() else { return false }
        let head = RequestHead.withoutPadding(head)
        // Not blocking: libfcgi finds an end where the head stops.
        guard Glibc.write(pipe.writer, head, head.count) == head.count else {
            pipe.close()
            return false
        }
        pointer.pointee.ipcFd = pipe.reader
        // Otherwise FCGX_Accept_r begins by closing the connection (fcgiapp.c, FCGX_Finish_r).
        pointer.pointee.keepConnection = 1
        pointer.pointee.detached = 1
        guard FCGX_Accept_r(pointer) == 0 else {
            // It has closed the other end.
            close(pipe.writer)
            return false
        }
        pipes.giveBack(pipe)
        pointer.pointee.ipcFd = descriptor
        return pointer.pointee.role == FCGI_RESPONDER
    }

    var id: Int { Int(pointer.pointee.requestId) }

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

    func write(_ bytes: [UInt8]) throws(FastCGIError) {
        let isTaken = bytes.withUnsafeBytes { bytes in
            var rest = bytes[...]
            while !rest.isEmpty {
                // libfcgi counts in an int, and a session that is exported may be longer.
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
                guard FCGX_PutStr(piece.baseAddress, CInt(piece.count), pointer.pointee.out) == piece.count else { return false }
                rest = rest.dropFirst(piece.count)
            }
            return true
        }
        guard isTaken else { throw Self.connectionLost }
    }

    /// Sends what is buffered.
    func flush() throws(FastCGIError) {
        guard FCGX_FFlush(pointer.pointee.out) == 0 else { throw Self.connectionLost }
    }

    /// Sends what is buffered and END_REQUEST, and frees the request. Whether that went well and the web server keeps the connection.
    func end() -> Bool {
        var failed = FCGX_FClose(pointer.pointee.err) != 0
        failed = FCGX_FClose(pointer.pointee.out) != 0 || failed
        let keeps = pointer.pointee.keepConnection != 0
        free()
        return keeps && !failed
    }

    func free() {
        FCGX_Free(pointer, 0)
        pointer.deallocate()
    }

    private static var connectionLost: FastCGIError { FastCGIError(.connection, "The web server no longer takes the response") }
}
