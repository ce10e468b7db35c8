import Files
import FoundationEssentials
import Glibc
import SystemPackage

extension KeyFile {
    private var indexPath: FilePath { FilePath(target.string + ".index") }

    /// The key file with its index; nil if there is no file, or if its index is not there or of another state of it.
    ///
    /// - Throws: if the file may not be used.
    func indexed() throws(KeyFileError) -> KeyIndex? {
        guard let keys = try opened() else { return nil }
        let status = try status(of: keys)
        guard let index = try? File(indexPath, O_RDONLY, in: system) else { return nil }
        return try? KeyIndex(keys, status, index, at: path)
    }

    /// Reads the keys, and writes the index if the file is as the program wrote it: somebody may have put a copy in its place.
    func readAndIndex() throws(KeyFileError) -> KeyRing? {
        guard let (ring, bytes, status) = try load() else { return nil }
        // A file that was changed just now may be changed again within a tick of its clock, which its status would not show.
        let age = Date().timeIntervalSince1970 - Double(status.modifiedSeconds)
        guard age > 3, bytes == ring.serialized, let lock = try? File.openOrCreate(lockPath, in: system),
            // Another process that has the lock writes an index itself.
            (try? system.setLock(lock.descriptor, at: 0, isHeld: true)) != nil
        else { return ring }
        writeIndex(of: ring, bytes, status)
        return ring
    }

    /// Writes the index, by whoever has the lock. Without one, all keys are read.
    func writeIndex(of ring: KeyRing, _ bytes: [UInt8], _ status: FileStatus) {
        // What is in an index is believed, so it must never be half written.
        _ = try? File.replace(indexPath, by: KeyIndex.index(of: ring, bytes, status), in: system)
    }
}
