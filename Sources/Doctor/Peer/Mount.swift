import FoundationEssentials
import Text

/// A mounted file system, as Linux lists it (proc(5), mountinfo).
struct Mount {
    let id: String
    /// Where it is mounted.
    let point: String
    /// Linux's name for its kind, such as `ext4`.
    let kind: String
    /// What is mounted, such as `host:/directory`.
    let source: String
    /// The mount's options and the file system's.
    let options: [String]

    /// The mount that a path is on; nil if none contains it. (The module Glibc has no statfs(2).)
    ///
    /// - Parameter path: without symbolic links.
    init?(at path: String) {
        guard let table = FileManager.default.contents(atPath: "/proc/self/mountinfo") else { return nil }
        self.init(at: path, mounts: String(decoding: table, as: UTF8.self))
    }

    /// - Parameter mounts: in the format of mountinfo. Of two mounts at one point, the later hides the other.
    init?(at path: String, mounts: String) {
        var found: Mount?
        for line in mounts.split(separator: "\n") {
            guard let mount = Mount(line) else { continue }
            let point = mount.point
            guard path == point || path.utf8.starts(with: (point.hasSuffix("/") ? point : point + "/").utf8),
                point.utf8.count >= found?.point.utf8.count ?? 0
            else { continue }
            found = mount
        }
        guard let found else { return nil }
        self = found
    }

    private init?(_ line: Substring) {
        let fields = line.split(separator: " ")
        guard fields.count > 5, let separator = fields.firstIndex(where: { $0 == "-" }), separator + 1 < fields.count else { return nil }
        let rest = fields[(separator + 1)...]
        id = String(fields[0])
        point = Self.unescaped(fields[4])
        kind = String(rest[rest.startIndex])
        source = rest.dropFirst().first.map(Self.unescaped) ?? ""
        options = ([fields[5]] + rest.dropFirst(2).prefix(1)).flatMap { $0.split(separator: ",").map(String.init) }
    }

    /// True if an option is there that has no value.
    func has(_ option: String) -> Bool { options.contains { $0 == option } }

    /// The value of an option that is written `option=value`.
    func value(_ option: String) -> String? {
        options.first { $0.hasPrefix(option + "=") }.map { String(Substring($0.utf8.dropFirst(option.utf8.count + 1))) }
    }

    /// Decodes white space and backslashes, which mountinfo writes as three octal digits.
    private static func unescaped(_ text: Substring) -> String {
        [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")].reduce(String(text)) { $0.replacing($1.0, with: $1.1) }
    }
}
