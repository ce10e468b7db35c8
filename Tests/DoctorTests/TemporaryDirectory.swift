import Foundation
import SystemPackage

/// A directory of one test, removed with the last reference.
final class TemporaryDirectory: Sendable {
    let path: FilePath

    init() throws {
        path = FilePath(FileManager.default.temporaryDirectory.path + "/nanobot-doctor-\(UUID())")
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path.string) }

    func directory(_ name: String, mode: Int) throws -> FilePath {
        let path = path.appending(name)
        try FileManager.default.createDirectory(atPath: path.string, withIntermediateDirectories: true)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
        return path
    }

    func file(_ name: String, _ text: String = "", mode: Int = 0o600) throws -> FilePath {
        let path = path.appending(name)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path.string))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path.string)
        return path
    }

    func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path.string).sorted() }
}
