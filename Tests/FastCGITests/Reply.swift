/// The answer to one request: what its records carried.
struct Reply: Equatable {
    var stdout: [UInt8] = []
    var stderr: [UInt8] = []
    var appStatus: UInt32
    /// 0 REQUEST_COMPLETE, 1 CANT_MPX_CONN, 2 OVERLOADED, 3 UNKNOWN_ROLE (FastCGI specification, section 5.5).
    var protocolStatus: UInt8

    var text: String { String(decoding: stdout, as: UTF8.self) }

    /// A request that ended well, with this text.
    static func complete(_ text: String) -> Reply {
        Reply(stdout: Array(text.utf8), appStatus: 0, protocolStatus: 0)
    }
}
