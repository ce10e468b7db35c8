import Foundation
import Harness

/// The program under test.
enum Nanobot {
    /// NANOBOT_BINARY, else the executable that was built with the tests.
    static let path: String =
        ProcessInfo.processInfo.environment["NANOBOT_BINARY"]
        ?? URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path + "/nanobot"

    /// The folder `deploy` of this checkout.
    static let deploy = URL(fileURLWithPath: #filePath + "/../../../../deploy").standardized.path

    /// Keeps a program's files below one directory.
    static func environment(_ home: TemporaryDirectory) -> [String: String] {
        Program.environment.merging(["HOME": home.path, "XDG_RUNTIME_DIR": home.path]) { $1 }
    }

    /// The runtime directories below a home directory.
    static func runtimeDirectories(in home: TemporaryDirectory) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: home.path).filter { $0.hasPrefix("nanobot-") }
    }
}
