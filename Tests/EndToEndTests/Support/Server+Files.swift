import Foundation

extension Server {
    /// A session file, by the name that Sources/Sessions/FORMAT.md gives it, written out by hand.
    func session(_ name: String) throws -> JSON {
        try JSON(try bytes(ofSession: name))
    }

    func bytes(ofSession name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(dataDirectory)/sessions/\(name).json")))
    }

    /// The permission bits of a file or directory.
    static func mode(_ path: String) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    }
}
