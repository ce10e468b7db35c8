package import SystemPackage

/// Repeats calls that a signal interrupted: no call here is meant to be interrupted. The store puts it above whatever file system it is
/// given, so in tests simulated interruptions pass through it too.
package struct UninterruptedFileSystem: FileSystem {
    private let base: any FileSystem

    package init(_ base: any FileSystem) { self.base = base }

    package func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        try repeating { () throws(Errno) in try base.open(path, flags) }
    }

    /// Once: Linux frees the descriptor even if it then reports an interruption (close(2), "Dealing with error returns from close()").
    package func close(_ descriptor: CInt) { base.close(descriptor) }

    package func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try repeating { () throws(Errno) in try base.read(descriptor, into: buffer, at: offset) }
    }

    package func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        try repeating { () throws(Errno) in try base.write(descriptor, bytes, at: offset) }
    }

    package func truncate(_ descriptor: CInt, to length: Int) throws(Errno) {
        try repeating { () throws(Errno) in try base.truncate(descriptor, to: length) }
    }

    package func synchronize(_ descriptor: CInt) throws(Errno) {
        try repeating { () throws(Errno) in try base.synchronize(descriptor) }
    }

    package func status(of descriptor: CInt) throws(Errno) -> FileStatus {
        try repeating { () throws(Errno) in try base.status(of: descriptor) }
    }

    package func status(at path: FilePath) throws(Errno) -> FileStatus {
        try repeating { () throws(Errno) in try base.status(at: path) }
    }

    package func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
        try repeating { () throws(Errno) in try base.rename(path, to: target) }
    }

    package func link(_ path: FilePath, to target: FilePath) throws(Errno) {
        try repeating { () throws(Errno) in try base.link(path, to: target) }
    }

    package func unlink(_ path: FilePath) throws(Errno) {
        try repeating { () throws(Errno) in try base.unlink(path) }
    }

    package func makeDirectory(_ path: FilePath) throws(Errno) {
        try repeating { () throws(Errno) in try base.makeDirectory(path) }
    }

    package func dataEnd(_ descriptor: CInt, size: Int) -> Int { base.dataEnd(descriptor, size: size) }

    package func share(_ range: Range<Int>, of source: CInt, with target: CInt) -> Bool { base.share(range, of: source, with: target) }

    package func freeByteCount(at path: FilePath) throws(Errno) -> Int {
        try repeating { () throws(Errno) in try base.freeByteCount(at: path) }
    }

    package func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        try repeating { () throws(Errno) in try base.setLock(descriptor, at: offset, isHeld: isHeld) }
    }

    package func renewLock(_ descriptor: CInt, at offset: Int64) throws(Errno) {
        try repeating { () throws(Errno) in try base.renewLock(descriptor, at: offset) }
    }

    package func isLocked(_ descriptor: CInt, at offset: Int64) throws(Errno) -> Bool {
        try repeating { () throws(Errno) in try base.isLocked(descriptor, at: offset) }
    }

    package func giveAway(_ descriptor: CInt, toOwnerOf directory: FilePath) throws(Errno) {
        try repeating { () throws(Errno) in try base.giveAway(descriptor, toOwnerOf: directory) }
    }

    /// Goes on after the last name that was visited, so that none is visited twice.
    package func visitNames(in directory: FilePath, from position: Int, _ visit: (_ name: String, _ next: Int) -> Bool) throws(Errno) {
        var position = position
        try repeating { () throws(Errno) in
            try base.visitNames(in: directory, from: position) { name, next in
                position = next
                return visit(name, next)
            }
        }
    }

    private func repeating<Result>(_ call: () throws(Errno) -> Result) throws(Errno) -> Result {
        while true {
            do throws(Errno) {
                return try call()
            } catch {
                if error != .interrupted { throw error }
            }
        }
    }
}
