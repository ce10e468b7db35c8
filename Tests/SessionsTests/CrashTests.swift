import SystemPackage
@testable import TestSupport
import Testing

@testable import Sessions

@Suite("Processes and machines that die")
struct CrashTests {
    @Test(
        "a process that dies at any call, or at any byte of a write, leaves the session as before or as after the operation",
        arguments: StoreOperation.all(length: 60))
    func process(_ operation: StoreOperation) async throws {
        for recorded in try await Self.recordedCalls(of: operation).recordedCalls {
            try await operation.check(recorded.disk, "died before \(recorded.call)")
            guard let write = recorded.write else { continue }
            for count in Self.prefixes(write.bytes.count) {
                var disk = recorded.disk
                disk.write(write.bytes.prefix(count), to: write.inode, at: write.offset)
                try await operation.check(disk, "died after \(count) bytes of \(recorded.call)")
            }
        }
    }

    /// Every byte near the ends, where the separators and closings are, and some between them.
    private static func prefixes(_ count: Int) -> [Int] {
        (1..<max(1, count)).filter { $0 < 8 || $0 > count - 8 || $0 % 64 == 0 }
    }

    @Test(
        "a machine that dies at any call leaves the session as before or as after the operation",
        arguments: StoreOperation.all(length: 9_000))
    func machine(_ operation: StoreOperation) async throws {
        try await Self.killMachine(operation, limit: TestLength.isLong ? 512 : 8)
    }

    @Test("a machine that dies loses no answered turn, wherever the closing lies in the disk's blocks", arguments: -5...5)
    func blockBoundary(_ distance: Int) async throws {
        let probe = SimulatedFileSystem()
        try await probe.store().say("one", length: 0)
        let size = try #require(probe.disk.files[try probe.disk.inode(at: SimulatedFileSystem.path(of: "a"))]).content.count
        // The closing begins `distance` bytes from the end of the first block.
        let length = 4096 + distance - (size - SessionFile.closing.count)
        let operation = StoreOperation(
            name: "a turn whose place is \(distance) from a block's end", before: ["a": .turns(["one"])],
            after: ["a": .turns(["one", "new"])],
            prepare: { store, _ in try await store.say("one", length: length) }, run: { try await $0.say("new", length: 9_000) })
        try await Self.killMachine(operation, limit: TestLength.isLong ? 512 : 32)
    }

    private static func killMachine(_ operation: StoreOperation, limit: Int) async throws {
        var generator = SplitMix64(seed: 1)
        let (recordedCalls, end) = try await recordedCalls(of: operation)
        for recorded in recordedCalls {
            for state in recorded.disk.crashStates(limit: limit, using: &generator) {
                try await operation.check(state, "the machine died before \(recorded.call)")
            }
        }
        for state in end.crashStates(limit: limit, using: &generator) {
            try await operation.check(state, isDone: true, "the machine died afterwards")
        }
    }

    private static func recordedCalls(of operation: StoreOperation) async throws -> (
        recordedCalls: [SimulatedFileSystem.RecordedCall], end: SimulatedDisk
    ) {
        let (system, store) = try await operation.prepared()
        system.reset(records: true)
        try await operation.run(store)
        return (system.recordedCalls, system.disk)
    }
}
