/// A file's content, and what the disk may hold instead until the file is synchronised: each block as after any of the writes since then,
/// and any of the lengths.
struct SimulatedFile: Sendable {
    static let blockSize = 4096

    private(set) var content: [UInt8] = []
    /// The earlier contents of a block that may still be on the disk.
    private var oldBlocks: [Int: [[UInt8]]] = [:]
    private var oldLengths: [Int] = []
    /// Blocks that the next synchronisation writes.
    private var dirtyBlocks: Set<Int> = []

    var isSynchronized: Bool { oldBlocks.isEmpty && oldLengths.isEmpty }

    init(_ content: [UInt8] = []) { self.content = content }

    mutating func write(_ bytes: some Collection<UInt8>, at offset: Int) {
        guard !bytes.isEmpty else { return }
        let end = max(content.count, offset + bytes.count)
        keepOld(min(content.count, offset)..<end, newLength: end)
        content += [UInt8](repeating: 0, count: end - content.count)
        content.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    mutating func truncate(to length: Int) {
        keepOld(min(length, content.count)..<max(length, content.count), newLength: length)
        content = Array(content.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - content.count))
    }

    mutating func synchronize() {
        for block in dirtyBlocks { oldBlocks[block] = nil }
        // Blocks beyond the end no longer belong to the file.
        oldBlocks = oldBlocks.filter { $0.key * Self.blockSize < content.count }
        (dirtyBlocks, oldLengths) = ([], [])
    }

    /// The disk refused some blocks. From then on the kernel takes them for clean, and does not write them again (fsync(2), EIO).
    mutating func failToSynchronize() { dirtyBlocks = [] }

    /// What the disk may hold if the machine dies now: every combination of blocks and length, or `limit` random ones.
    func crashStates(limit: Int, using generator: inout some RandomNumberGenerator) -> [[UInt8]] {
        guard !isSynchronized else { return [content] }
        let lengths = possibleLengths
        var count = 0
        for length in lengths {
            count += choices(length).reduce(1) { $0.multipliedReportingOverflow(by: $1.count).overflow ? .max / 64 : $0 * $1.count }
            if count > limit { return sampledCrashStates(limit: limit, lengths, using: &generator) }
        }
        return lengths.flatMap { length in
            choices(length).reduce([blocksAsTheyAre(length)]) { states, choice in
                states.flatMap { state in choice.contents.map { Self.replacing(choice.block, in: state, with: $0) } }
            }
        }
    }

    private func sampledCrashStates(limit: Int, _ lengths: [Int], using generator: inout some RandomNumberGenerator) -> [[UInt8]] {
        var states = [content]
        while states.count < limit {
            let length = lengths[Int.random(in: lengths.indices, using: &generator)]
            states.append(
                choices(length).reduce(blocksAsTheyAre(length)) { state, choice in
                    Self.replacing(choice.block, in: state, with: choice.contents[Int.random(in: 0..<choice.count, using: &generator)])
                })
        }
        return states
    }

    /// All lengths since the last synchronisation, and every block's end between them.
    private var possibleLengths: [Int] {
        let known = Set(oldLengths + [content.count])
        guard let least = known.min(), let most = known.max() else { return [content.count] }
        let boundaries = stride(from: 0, through: most, by: Self.blockSize).filter { $0 > least }
        return known.union(boundaries).sorted()
    }

    private struct Choice {
        var block: Int
        var contents: [[UInt8]]
        var count: Int { contents.count }
    }

    private func choices(_ length: Int) -> [Choice] {
        oldBlocks.filter { $0.key * Self.blockSize < length }.sorted { $0.key < $1.key }.map { block, old in
            Choice(block: block, contents: Array(Set(old + [self.block(block)])))
        }
    }

    private func blocksAsTheyAre(_ length: Int) -> [UInt8] {
        Array(content.prefix(length)) + [UInt8](repeating: 0, count: max(0, length - content.count))
    }

    private static func replacing(_ block: Int, in content: [UInt8], with bytes: [UInt8]) -> [UInt8] {
        var content = content
        let range = block * blockSize..<min((block + 1) * blockSize, content.count)
        content.replaceSubrange(range, with: bytes.prefix(range.count))
        return content
    }

    /// A whole block, with zeros beyond the end of the file.
    private func block(_ number: Int) -> [UInt8] {
        let start = min(number * Self.blockSize, content.count)
        let bytes = content[start..<min(start + Self.blockSize, content.count)]
        return Array(bytes) + [UInt8](repeating: 0, count: Self.blockSize - bytes.count)
    }

    private mutating func keepOld(_ range: Range<Int>, newLength: Int) {
        if newLength != content.count { oldLengths.append(content.count) }
        guard !range.isEmpty else { return }
        for number in range.lowerBound / Self.blockSize...(range.upperBound - 1) / Self.blockSize {
            oldBlocks[number, default: []].append(block(number))
            dirtyBlocks.insert(number)
        }
    }
}
