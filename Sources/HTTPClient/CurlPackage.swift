import Glibc
import Text

/// The package that has libcurl in a Linux distribution.
package struct CurlPackage: Sendable {
    package let name: String
    /// The line that installs it.
    package let command: String

    /// That of the host's distribution (os-release(5)).
    package static let ofHost = CurlPackage(osRelease: text("/etc/os-release") ?? text("/usr/lib/os-release") ?? "")

    /// By what distributions call themselves, and those that they are like. yum is also where dnf is.
    private static let known: [(distributions: [String], name: String, manager: String)] = [
        (["debian", "ubuntu"], "libcurl4", "apt-get install"), (["fedora", "rhel", "centos"], "libcurl", "yum install"),
        (["suse", "opensuse"], "libcurl4", "zypper install"), (["arch"], "curl", "pacman -S"), (["alpine"], "libcurl", "apk add"),
    ]

    /// Nothing of the text gets into the names. One that is not known gets the name that most have.
    init(osRelease: String) {
        let lines = osRelease.split(separator: "\n")
        let words = ["ID=", "ID_LIKE="].flatMap { key in
            lines.filter { $0.hasPrefix(key) }.flatMap { line in
                line.utf8.dropFirst(key.utf8.count).split { [UInt8(ascii: " "), UInt8(ascii: "\""), UInt8(ascii: "'")].contains($0) }
            }
        }
        let match = words.lazy.compactMap { word in Self.known.first { $0.distributions.contains { word.elementsEqual($0.utf8) } } }.first
        name = match?.name ?? "libcurl"
        command = match.map { "\($0.manager) \($0.name)" } ?? "install the package libcurl (Debian: libcurl4)"
    }

    /// The beginning of a file.
    private static func text(_ path: String) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 8192)
        let count = read(descriptor, &bytes, bytes.count)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
