extension Configuration {
    /// Which turns are recorded in the files of usage.
    package enum UsageRecord: String, Sendable, CaseIterable {
        case keys
        case all
        case none
    }

    /// What happens to a turn whose client has left.
    package enum DisconnectPolicy: String, CaseIterable, Sendable {
        /// The turn finishes and is stored, so that a retry finds it.
        case finish
        /// The turn is cancelled, and nothing is stored.
        case cancel
    }

    /// When a turn counts as stored.
    package enum Durability: String, CaseIterable, Sendable {
        /// When it is on the disk.
        case sync
        /// When the kernel has it.
        case relaxed
    }

    /// Whose record of a conversation counts.
    package enum HistoryMode: String, CaseIterable, Sendable {
        /// The session's.
        case server
        /// The client's, which each request has.
        case mirror
    }

    package enum LogLevel: String, CaseIterable, Sendable {
        case trace, debug, info, notice, warning, error, critical
    }

    /// How the access log names sessions.
    package enum SessionNames: String, CaseIterable, Sendable {
        case full, hash, none
    }

    package enum LogFormat: String, CaseIterable, Sendable {
        case text, json
    }

    /// The name of a header in lower case (RFC 9110, section 5.6.2); nil if the text is none.
    static func headerName(_ text: String) -> String? {
        let isName =
            !text.isEmpty && text.utf8.count <= 128
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
                    UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
        return isName ? text.lowercased() : nil
    }

    /// The path of `mount` without a trailing slash; nil if the text is not a path.
    static func mount(_ text: String) -> String? {
        var path = text.utf8[...]
        while path.last == UInt8(ascii: "/") { path.removeLast() }
        if path.isEmpty { return "" }
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard segments[0].isEmpty, !path.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") || $0 < 0x20 || $0 == 0x7f }),
            segments.dropFirst().allSatisfy({ !$0.isEmpty && !$0.elementsEqual(".".utf8) && !$0.elementsEqual("..".utf8) })
        else { return nil }
        return String(path)
    }
}
