import Glibc
package import SystemPackage

extension File {
    /// Writes a small file as a whole: whoever reads it finds the old content or the new one, also after a crash. The caller holds a lock
    /// that everybody takes who writes the file.
    ///
    /// - Parameters:
    ///   - owner: whose owner the file gets; nil for that of the directory.
    ///   - synchronizes: false if the content may be lost in a power cut. The name is not synchronized.
    /// - Returns: the new file.
    @discardableResult
    package static func replace(
        _ path: FilePath, by bytes: [UInt8], ownedAs owner: FilePath? = nil, synchronizes: Bool = true, in system: any FileSystem
    ) throws(Errno) -> File {
        let temporary = FilePath(path.string + ".new")
        // Of a process that died there may be one.
        try? system.unlink(temporary)
        do throws(Errno) {
            let file = try create(temporary, in: system)
            if let owner { try system.giveAway(file.descriptor, toOwnerOf: owner) }
            try file.write(bytes, at: 0)
            if synchronizes { try file.synchronize() }
            try system.rename(temporary, to: path)
            return file
        } catch {
            try? system.unlink(temporary)
            throw error
        }
    }
}
