extension Configuration {
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
