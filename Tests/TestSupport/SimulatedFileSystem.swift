import Concurrency
import Files
import Glibc
import SystemPackage

/// Files in memory, on a machine that can die, with calls that can fail.
final class SimulatedFileSystem: FileSystem {
    /// What goes wrong, and with which call.
    struct Fault: Sendable, Hashable {
        enum Effect: Sendable, Hashable {
            /// The call fails; the next one does not.
            case failure(Errno)
            /// Every call fails from then on, until the fault is removed.
            case failureFromThenOn(Errno)
            /// The call fails, and a later one.
            case failureTwice(Errno, second: Int)
            /// The write stores half the bytes.
            case shortWrite
            /// The write stores half the bytes, and the next call fails.
            case shortWriteThenFailure(Errno)
        }

        /// The first call is 1.
        var call: Int
        var effect: Effect
    }

    /// A system call and the disk before it.
    struct RecordedCall: Sendable {
        var call: String
        var disk: SimulatedDisk
        var write: (inode: Int, bytes: [UInt8], offset: Int)?
    }

    private struct Description {
        var inode: Int
        var isWritable: Bool
        var appends: Bool
    }

    private struct Byte: Hashable {
        var inode: Int
        var offset: Int64
    }

    private struct State {
        var disk: SimulatedDisk
        var descriptions: [CInt: Description] = [:]
        var lastDescriptor: CInt = 2
        var locks: [Byte: CInt] = [:]
        var calls: [String] = []
        var fault: Fault?
        var recordedCalls: [RecordedCall]?
    }

    private let state: Mutex<State>

    /// A machine with this disk.
    init(_ disk: SimulatedDisk = SimulatedDisk()) { state = Mutex(State(disk: disk)) }

    var disk: SimulatedDisk {
        get { state.withLock { $0.disk } }
        set { state.withLock { $0.disk = newValue } }
    }
    /// The calls since the last reset, with their files.
    var calls: [String] { state.withLock { $0.calls } }
    var openDescriptorCount: Int { state.withLock { $0.descriptions.count } }
    var heldLockCount: Int { state.withLock { $0.locks.count } }

    /// Counts calls from 1 again, and sets the fault.
    func reset(_ fault: Fault? = nil, records: Bool = false) {
        state.withLock { state in
            state.calls = []
            state.fault = fault
            state.recordedCalls = records ? [] : nil
        }
    }

    /// The calls that change something, since the last reset.
    var recordedCalls: [RecordedCall] { state.withLock { $0.recordedCalls ?? [] } }

    // MARK: FileSystem

    func open(_ path: FilePath, _ flags: CInt) throws(Errno) -> CInt {
        try call("open \(path.names.last ?? "")", changes: flags & O_CREAT != 0) { state throws(Errno) in
            let inode: Int
            if let existing = try? state.disk.inode(at: path) {
                if flags & O_EXCL != 0 { throw .fileExists }
                inode = existing
            } else {
                guard flags & O_CREAT != 0 else { throw .noSuchFileOrDirectory }
                inode = try state.disk.create(path, isDirectory: false)
            }
            let isDirectory = state.disk.directories[inode] != nil
            if isDirectory != (flags & O_DIRECTORY != 0) { throw isDirectory ? .isDirectory : .notDirectory }
            state.lastDescriptor += 1
            state.descriptions[state.lastDescriptor] = Description(
                inode: inode, isWritable: flags & (O_WRONLY | O_RDWR) != 0, appends: flags & O_APPEND != 0)
            return state.lastDescriptor
        }
    }

    func close(_ descriptor: CInt) {
        state.withLock { state in
            precondition(state.descriptions.removeValue(forKey: descriptor) != nil, "closed twice")
            state.locks = state.locks.filter { $0.value != descriptor }
        }
    }

    func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        let bytes = try call("read", descriptor) { state, description throws(Errno) in
            guard let file = state.disk.files[description.inode] else { throw .isDirectory }
            return file.content.dropFirst(offset).prefix(buffer.count)
        }
        buffer.copyBytes(from: bytes)
        return bytes.count
    }

    func write(_ descriptor: CInt, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
        let bytes = Array(bytes)
        return try call("write \(bytes.count) at \(offset) to", descriptor, writing: (bytes, offset)) { state, description throws(Errno) in
            guard description.isWritable else { throw .badFileDescriptor }
            var count = bytes.count
            if let fault = state.fault, fault.call == state.calls.count {
                switch fault.effect {
                case .shortWrite: count = (count + 1) / 2
                case .shortWriteThenFailure(let error):
                    count = (count + 1) / 2
                    state.fault = Fault(call: fault.call + 1, effect: .failure(error))
                default: break
                }
            }
            let end = description.appends ? state.disk.files[description.inode]?.content.count : nil
            state.disk.write(bytes.prefix(count), to: description.inode, at: end ?? offset)
            return count
        }
    }

    func truncate(_ descriptor: CInt, to length: Int) throws(Errno) {
        try call("truncate to \(length)", descriptor, changes: true) { state, description throws(Errno) in
            guard description.isWritable else { throw .invalidArgument }
            state.disk.truncate(description.inode, to: length)
        }
    }

    func synchronize(_ descriptor: CInt) throws(Errno) {
        do throws(Errno) {
            try call("synchronize", descriptor, changes: true) { state, description in state.disk.synchronize(description.inode) }
        } catch {
            if error == .ioError {
                state.withLock { state in
                    if let inode = state.descriptions[descriptor]?.inode { state.disk.failToSynchronize(inode) }
                }
            }
            throw error
        }
    }

    func status(of descriptor: CInt) throws(Errno) -> FileStatus {
        try call("status", descriptor) { state, description in state.disk.status(of: description.inode) }
    }

    func status(at path: FilePath) throws(Errno) -> FileStatus {
        try call("status \(path.names.last ?? "")") { state throws(Errno) in
            state.disk.status(of: try state.disk.inode(at: path))
        }
    }

    func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
        try call("rename", changes: true) { state throws(Errno) in try state.disk.rename(path, to: target) }
    }

    func link(_ path: FilePath, to target: FilePath) throws(Errno) {
        try call("link", changes: true) { state throws(Errno) in try state.disk.link(path, to: target) }
    }

    func unlink(_ path: FilePath) throws(Errno) {
        try call("unlink \(path.names.last ?? "")", changes: true) { state throws(Errno) in try state.disk.unlink(path) }
    }

    func makeDirectory(_ path: FilePath) throws(Errno) {
        try call("mkdir \(path.names.last ?? "")", changes: true) { state throws(Errno) in
            _ = try state.disk.create(path, isDirectory: true)
        }
    }

    func freeByteCount(at path: FilePath) throws(Errno) -> Int {
        try call("statvfs") { _ in 1 << 40 }
    }

    func setLock(_ descriptor: CInt, at offset: Int64, isHeld: Bool) throws(Errno) {
        let free: (inout State, Description) -> Void = { state, description in
            state.locks[Byte(inode: description.inode, offset: offset)] = nil
        }
        // Unlocking never fails.
        guard isHeld else { return try call("unlock", descriptor, canFail: false, free) }
        try call("lock", descriptor) { state, description throws(Errno) in
            let byte = Byte(inode: description.inode, offset: offset)
            guard state.locks[byte] ?? descriptor == descriptor else { throw .resourceTemporarilyUnavailable }
            state.locks[byte] = descriptor
        }
    }

    func visitNames(in directory: FilePath, from position: Int, _ visit: (String, Int) -> Bool) throws(Errno) {
        let names = try call("readdir") { state throws(Errno) in try state.disk.names(in: directory) }
        for (index, name) in names.enumerated().dropFirst(position) where !visit(name, index + 1) { return }
    }

    // MARK: Calls

    private func call<Result: Sendable>(
        _ name: String, changes: Bool = false, canFail: Bool = true, _ body: (inout State) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        try state.withLock { state throws(Errno) in
            state.calls.append(name)
            if changes { state.recordedCalls?.append(RecordedCall(call: name, disk: state.disk)) }
            if canFail, let fault = state.fault {
                switch fault.effect {
                case .failure(let error) where fault.call == state.calls.count: throw error
                case .failureFromThenOn(let error) where fault.call <= state.calls.count: throw error
                case .failureTwice(let error, let second) where [fault.call, second].contains(state.calls.count): throw error
                default: break
                }
            }
            return try body(&state)
        }
    }

    private func call<Result: Sendable>(
        _ name: String, _ descriptor: CInt, changes: Bool = false, canFail: Bool = true, writing: (bytes: [UInt8], offset: Int)? = nil,
        _ body: (inout State, Description) throws(Errno) -> Result
    ) throws(Errno) -> Result {
        guard let description = state.withLock({ $0.descriptions[descriptor] }) else { throw .badFileDescriptor }
        if let writing {
            state.withLock { state in
                state.recordedCalls?.append(
                    RecordedCall(call: name, disk: state.disk, write: (description.inode, writing.bytes, writing.offset)))
            }
        }
        return try call("\(name) \(description.inode)", changes: changes, canFail: canFail) { state throws(Errno) in
            try body(&state, description)
        }
    }
}
