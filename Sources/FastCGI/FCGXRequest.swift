import CFCGI
import Glibc
import SystemPackage

/// An `FCGX_Request` at a fixed address (its streams point back at it) and libfcgi's calls on it.
///
/// libfcgi's own close waits up to 2 s for the peer (os_unix.c, `OS_Close`), so the listener closes connections.
/// libfcgi closes its input only if `FCGX_Accept_r` fails, and `detached` makes that immediate.
///
/// `@unchecked Sendable`: the pointer never changes, and only the methods below touch what it points at. Two call them. The `Exchange`: it
/// cannot be copied, so one task at a time uses it. Its `ResponseStream`: under its lock it lets one task write at a time, and none from
/// `Exchange.finish()` on, which stops the process if one still writes. `finish()` alone frees the request, after that.
struct FCGXRequest: @unchecked Sendable {
    private let pointer: UnsafeMutablePointer<FCGX_Request>

    init() {
        pointer = .allocate(capacity: 1)
        FCGX_InitRequest(pointer, -1, 0)
    }

    /// Lets libfcgi parse a request's head. False if libfcgi rejects it or the role is not responder.
    func accept(_ head: [UInt8], on descriptor: CInt, through pipes: HeadPipes) -> Bool {
        guard let pipe = pipes.take() else { return false }
        let head = RequestHead.withoutPadding(head)
        // The pipe does not block: libfcgi sees an end of file after the head.
        guard Glibc.write(pipe.writer, head, head.count) == head.count else {
            pipe.close()
            return false
        }
        pointer.pointee.ipcFd = pipe.reader
        // Otherwise FCGX_Accept_r begins by closing the connection (fcgiapp.c, FCGX_Finish_r).
        pointer.pointee.keepConnection = 1
        pointer.pointee.detached = 1
        guard FCGX_Accept_r(pointer) == 0 else {
            // libfcgi has closed the other end.
            close(pipe.writer)
            return false
        }
        pipes.giveBack(pipe)
        pointer.pointee.ipcFd = descriptor
        return pointer.pointee.role == FCGI_RESPONDER
    }

    /// True if the web server wants to send more requests on the connection.
    var keepsConnection: Bool { pointer.pointee.keepConnection != 0 }

    var id: Int { Int(pointer.pointee.requestId) }

    var parameters: [(name: String, value: String)] {
        var parameters: [(name: String, value: String)] = []
        parameters.reserveCapacity(32)
        guard var entry = pointer.pointee.envp else { return [] }
        while let parameter = entry.pointee {
            // libfcgi's ReadParams stores each as "name=value".
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
                // libfcgi counts in an int, and an exported session may be longer.
                let chunk = UnsafeRawBufferPointer(rebasing: rest.prefix(1 << 30))
                guard FCGX_PutStr(chunk.baseAddress, CInt(chunk.count), pointer.pointee.out) == chunk.count else { return false }
                rest = rest.dropFirst(chunk.count)
            }
            return true
        }
        guard isTaken else { throw Self.connectionLost }
    }

    func flush() throws(FastCGIError) {
        guard FCGX_FFlush(pointer.pointee.out) == 0 else { throw Self.connectionLost }
    }

    /// Sends the buffered bytes and END_REQUEST, and frees the request. False if the web server does not take them.
    func end() -> Bool {
        var failed = FCGX_FClose(pointer.pointee.err) != 0
        failed = FCGX_FClose(pointer.pointee.out) != 0 || failed
        free()
        return !failed
    }

    /// As `end()`, but tells the web server not to send the connection another request, which would be lost if it is closed. FastCGI has no
    /// word for that, so bytes follow that belong to no request: nginx then closes the connection (`ngx_http_fastcgi_module.c`, where the
    /// end of a request sets `keepalive`). They go with the end: between two writes nginx may already send the next request.
    func endWithConnection() -> Bool {
        let isTaken = FCGX_FFlush(pointer.pointee.out) == 0
        let id = [UInt8(truncatingIfNeeded: self.id >> 8), UInt8(truncatingIfNeeded: self.id)]
        let end = [1, 6] + id + [0, 0, 0, 0, 1, 3] + id + [0, 8, 0, 0] + [UInt8](repeating: 0, count: 8)
        // A management record without a meaning: FCGI_UNKNOWN_TYPE (specification, section 4.2).
        let excess: [UInt8] = [1, 11, 0, 0, 0, 8, 0, 0] + [UInt8](repeating: 0, count: 8)
        let bytes = end + excess
        send(pointer.pointee.ipcFd, bytes, bytes.count, CInt(MSG_NOSIGNAL))
        free()
        return isTaken
    }

    func free() {
        FCGX_Free(pointer, 0)
        pointer.deallocate()
    }

    private static var connectionLost: FastCGIError { FastCGIError(.connection, "The web server no longer takes the response") }
}
