import Files
import SystemPackage

/// Directories and files, and the part of them that is certainly on the disk.
///
/// A value type: a copy is what remains when the process or the machine dies.
struct SimulatedDisk: Sendable {
    private(set) var files: [Int: SimulatedFile] = [:]
    private(set) var directories: [Int: SimulatedDirectory] = [root: SimulatedDirectory()]
    private var modified: [Int: Int] = [:]
    private var lastInode = root
    private var clock = 1_700_000_000

    static let root = 1

    // MARK: Names

    func inode(at path: FilePath) throws(Errno) -> Int { try inode(at: path.names[...]) }

    private func inode(at names: ArraySlice<String>) throws(Errno) -> Int {
        var inode = Self.root
        for name in names {
            guard let directory = directories[inode] else { throw .notDirectory }
            guard let next = directory.entries[name] else { throw .noSuchFileOrDirectory }
            inode = next
        }
        return inode
    }

    func names(in path: FilePath) throws(Errno) -> [String] {
        guard let directory = directories[try inode(at: path)] else { throw .notDirectory }
        return directory.entries.keys.sorted()
    }

    func status(of inode: Int) -> FileStatus {
        FileStatus(
            device: 1, inode: UInt64(inode), size: files[inode]?.content.count ?? 0, modifiedSeconds: modified[inode] ?? 0,
            modifiedNanoseconds: 0)
    }

    /// Creates a file or directory that is not yet on the disk.
    mutating func create(_ path: FilePath, isDirectory: Bool) throws(Errno) -> Int {
        guard (try? inode(at: path)) == nil else { throw .fileExists }
        let inode = lastInode + 1
        try change(path) { [($0, inode)] }
        if isDirectory { directories[inode] = SimulatedDirectory() } else { files[inode] = SimulatedFile() }
        lastInode = inode
        touch(inode)
        return inode
    }

    mutating func unlink(_ path: FilePath) throws(Errno) {
        guard files[try inode(at: path)] != nil else { throw .isDirectory }
        try change(path) { [($0, nil)] }
    }

    mutating func link(_ path: FilePath, to target: FilePath) throws(Errno) {
        guard (try? inode(at: target)) == nil else { throw .fileExists }
        let inode = try inode(at: path)
        try change(target) { [($0, inode)] }
    }

    /// Renames within a directory.
    mutating func rename(_ path: FilePath, to target: FilePath) throws(Errno) {
        let inode = try inode(at: path)
        let names = path.names
        guard let name = names.last, names.dropLast() == target.names.dropLast() else { throw .invalidArgument }
        try change(target) { [(name, nil), ($0, inode)] }
    }

    private mutating func change(_ path: FilePath, _ change: (_ name: String) -> SimulatedDirectory.Change) throws(Errno) {
        let names = path.names
        guard let name = names.last else { throw .invalidArgument }
        let parent = try inode(at: names.dropLast())
        guard directories[parent] != nil else { throw .notDirectory }
        directories[parent]?.apply(change(name))
        touch(parent)
    }

    // MARK: Content

    mutating func write(_ bytes: some Collection<UInt8>, to inode: Int, at offset: Int) {
        files[inode]?.write(bytes, at: offset)
        touch(inode)
    }

    mutating func truncate(_ inode: Int, to length: Int) {
        files[inode]?.truncate(to: length)
        touch(inode)
    }

    mutating func synchronize(_ inode: Int) {
        files[inode]?.synchronize()
        directories[inode]?.synchronize()
    }

    mutating func failToSynchronize(_ inode: Int) { files[inode]?.failToSynchronize() }

    mutating func synchronizeAll() {
        for inode in files.keys { synchronize(inode) }
        for inode in directories.keys { synchronize(inode) }
    }

    private mutating func touch(_ inode: Int) {
        clock += 1
        modified[inode] = clock
    }

    // MARK: Death of the machine

    /// The states that may be found after the machine dies: all of them, or about `limit`.
    func crashStates(limit: Int, using generator: inout some RandomNumberGenerator) -> [SimulatedDisk] {
        var states = [self]
        for (inode, directory) in directories where !directory.isSynchronized {
            states = states.flatMap { state in
                directory.crashStates().map { directory in
                    var state = state
                    state.directories[inode] = directory
                    return state
                }
            }
        }
        states = states.flatMap { state in
            var states = [state]
            for (inode, file) in state.files where !file.isSynchronized && state.isReachable(inode) {
                let contents = file.crashStates(limit: limit, using: &generator)
                states = states.flatMap { state in
                    contents.map { content in
                        var state = state
                        state.files[inode] = SimulatedFile(content)
                        return state
                    }
                }
            }
            return states
        }
        return states.count <= limit ? states : Array(states.shuffled(using: &generator).prefix(limit))
    }

    private func isReachable(_ inode: Int) -> Bool { directories.values.contains { $0.entries.values.contains(inode) } }
}

/// Names, and the changes to them that are not certainly on the disk.
struct SimulatedDirectory: Sendable {
    /// A change that happens completely or not at all: a name gets an inode or is removed.
    typealias Change = [(name: String, inode: Int?)]

    private(set) var entries: [String: Int] = [:]
    private var durable: [String: Int] = [:]
    private var unsynchronized: [Change] = []

    var isSynchronized: Bool { unsynchronized.isEmpty }

    mutating func apply(_ change: Change) {
        unsynchronized.append(change)
        for (name, inode) in change { entries[name] = inode }
    }

    mutating func synchronize() { (durable, unsynchronized) = (entries, []) }

    /// With and without each change.
    func crashStates() -> [SimulatedDirectory] {
        (0..<1 << unsynchronized.count).map { chosen in
            var state = SimulatedDirectory()
            state.entries = durable
            for (index, change) in unsynchronized.enumerated() where chosen >> index & 1 == 1 {
                for (name, inode) in change { state.entries[name] = inode }
            }
            state.durable = state.entries
            return state
        }
    }
}
