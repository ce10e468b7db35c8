import Glibc

/// What differs between a person who watches and a pipe.
enum Terminal {
    static let isOutput = isatty(STDOUT_FILENO) == 1
    static let isError = isatty(STDERR_FILENO) == 1

    /// A line on standard error.
    static func say(_ text: String) {
        clearProgress()
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Bytes on standard output, all of them.
    static func put(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    static func put(_ text: String) { put(Array(text.utf8)) }

    /// How far something has come, over and over on one line, where somebody watches; every 512 steps.
    static func progress(_ count: Int, _ what: String) {
        if isError, count % 512 == 0 { write("\r\(count) \(what)\u{1b}[K", to: STDERR_FILENO) }
    }

    static func clearProgress() {
        if isError { write("\r\u{1b}[K", to: STDERR_FILENO) }
    }

    /// Text that was stored, for a terminal: characters that would command it are replaced.
    static func printable(_ text: String) -> String {
        guard isOutput else { return text }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isControl = scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
            scalars.append(isControl ? "\u{fffd}" : scalar)
        }
        return String(scalars)
    }

    private static func write(_ text: String, to descriptor: CInt) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, bytes, bytes.count)
    }
}
