import Concurrency
import Files
import Glibc
import SystemPackage

/// A mount of this host's files as a second host may have it: it remembers what it should ask for again, or keeps its locks to itself.
final class StaleMount: FileSystem {
    enum Fault: CaseIterable {
        /// The size of a file stays what it was when it was first looked at, until it is written here.
        case size
        /// So does the content.
        case content
        /// A name leads to the file that it led to when it was first looked at, also to none.
        case name
        /// Locks keep out nobody on other mounts.
        case lock
    }

    private struct State {
        var paths: [CInt: FilePath] = [:]
        var sizes: [FilePath: Int] = [:]
        var contents: [FilePath: [UInt8]] = [:]
        /// A second name that keeps the file alive; nil for none.
        var names: [FilePath: FilePath?] = [:]
        var forgetting: ContinuousClock.Instant?
    }

    private let fault: Fault?
    private let memory: Duration
    private let base = HostFileSystem()
    private let state = Mutex(State())

    /// - Parameter memory: how long it remembers.
    init(_ fault: Fault?, memory: Duration = .seconds(3600)) { (self.fault, self.memory) = (fault, memory) }

    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        let real = try fault == .name && flags & O_CREAT == 0 ? remembered(path) : path
        let descriptor = try base.open(real, flags)
        state.withLock { $0.paths[descriptor] = path }
        return descriptor
    }

    func close(_ descriptor: CInt) {
        state.withLock { $0.paths[descriptor] = nil }
        base.close(descriptor)
    }

    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        let count = try base.read(descriptor, into: buffer, at: offset)
        guard fault == .content else { return count }
        let bytes = remember(\.contents, descriptor, Array(buffer.prefix(count)))
        // What is not remembered reads as zeros.
        for index in 0..<count { buffer[index] = offset + index < bytes.count ? bytes[offset + index] : 0 }
        return count
    }

    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        forget(descriptor)
        return try base.write(descriptor, bytes, at: offset)
    }

    func status(of descriptor: CInt) throws(Errno) -> FileStatus {
        var status = try base.status(of: descriptor)
        if fault == .size { status.size = remember(\.sizes, descriptor, status.size) }
        return status
    }

    func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
        try base.rename(path, to: target)
        forget(target)
    }

    func unlink(_ path: FilePath) throws(Errno) {
        try base.unlink(path)
        forget(path)
    }

    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        try base.setLock(descriptor, at: fault == .lock ? offset ^ 1 : offset, isHeld: isHeld)
    }

    func truncate(_ descriptor: CInt, to length: Int) throws(Errno) { try base.truncate(descriptor, to: length) }
    func synchronize(_ descriptor: CInt) throws(Errno) { try base.synchronize(descriptor) }
    func status(at path: FilePath) throws(Errno) -> FileStatus { try base.status(at: path) }
    func link(_ path: FilePath, to target: FilePath) throws(Errno) { try base.link(path, to: target) }
    func makeDirectory(_ path: FilePath) throws(Errno) { try base.makeDirectory(path) }
    func freeByteCount(at path: FilePath) throws(Errno) -> Int { try base.freeByteCount(at: path) }
    func visitNames(in directory: FilePath, from position: Int, _ visit: (String, Int) -> Bool) throws(Errno) {
        try base.visitNames(in: directory, from: position, visit)
    }

    // MARK: Memory

    /// What is remembered of a file; the value, if there is nothing.
    private func remember<Value: Sendable>(
        _ member: WritableKeyPath<State, [FilePath: Value]>, _ descriptor: CInt, _ value: Value
    ) -> Value {
        state.withLock { state in
            expire(&state)
            guard let path = state.paths[descriptor] else { return value }
            let result = state[keyPath: member][path] ?? value
            state[keyPath: member][path] = result
            return result
        }
    }

    private func remembered(_ path: FilePath) throws(Errno) -> FilePath {
        let known = state.withLock { state in
            expire(&state)
            return state.names[path]
        }
        if let known {
            guard let known else { throw .noSuchFileOrDirectory }
            return known
        }
        let other = FilePath(path.string + ".remembered")
        try? base.unlink(other)
        let isThere = (try? base.link(path, to: other)) != nil
        state.withLock { $0.names[path] = .some(isThere ? other : nil) }
        return path
    }

    private func forget(_ descriptor: CInt) {
        if let path = state.withLock({ $0.paths[descriptor] }) { forget(path) }
    }

    private func forget(_ path: FilePath) {
        state.withLock { state in
            state.sizes[path] = nil
            state.contents[path] = nil
            state.names[path] = nil
        }
    }

    private func expire(_ state: inout State) {
        let now = ContinuousClock.now
        guard let end = state.forgetting, now < end else {
            (state.sizes, state.contents, state.names, state.forgetting) = ([:], [:], [:], now + memory)
            return
        }
    }
}
