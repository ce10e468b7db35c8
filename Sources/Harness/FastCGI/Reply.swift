/// The answer to one request: what its records carried.
package struct Reply: Equatable, Sendable {
    package var stdout: [UInt8] = []
    package var stderr: [UInt8] = []
    package var appStatus: UInt32
    /// 0 REQUEST_COMPLETE, 1 CANT_MPX_CONN, 2 OVERLOADED, 3 UNKNOWN_ROLE (FastCGI specification, section 5.5).
    package var protocolStatus: UInt8

    package init(stdout: [UInt8] = [], stderr: [UInt8] = [], appStatus: UInt32 = 0, protocolStatus: UInt8 = 0) {
        (self.stdout, self.stderr, self.appStatus, self.protocolStatus) = (stdout, stderr, appStatus, protocolStatus)
    }

    /// The answer in what was received on a connection. Nil if its END_REQUEST is not there yet.
    package init?(in received: [UInt8]) {
        self.init()
        var start = 0
        while let (record, end) = Record.first(in: received, from: start) {
            if take(record) { return }
            start = end
        }
        return nil
    }

    /// Adds what a record carries. True if it is the answer's last one.
    mutating func take(_ record: Record) -> Bool {
        switch record.type {
        case Record.Kind.stdout: stdout += record.content
        case Record.Kind.stderr: stderr += record.content
        case Record.Kind.end:
            appStatus = record.content.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
            protocolStatus = record.content.dropFirst(4).first ?? 0
            return true
        default: break
        }
        return false
    }

    package var text: String { String(decoding: stdout, as: UTF8.self) }

    /// A request that ended well, with this text.
    package static func complete(_ text: String) -> Reply {
        Reply(stdout: Array(text.utf8), appStatus: 0, protocolStatus: 0)
    }
}
