import Foundation

/// The shared libraries that were built with the tests.
enum TestLibrary {
    private static let directory = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().path

    static func path(_ name: String) -> String { "\(directory)/lib\(name).so" }
}
