import SystemPackage
import Testing

@testable import Sessions
@testable import TestSupport

@Suite("Calls that fail")
struct FaultTests {
    static let operations = StoreOperation.all(length: 200)

    /// The effects to try with a call.
    private static func effects(_ call: String) -> [SimulatedFileSystem.Fault.Effect] {
        var effects: [SimulatedFileSystem.Fault.Effect] = [.failure(.ioError), .failureFromThenOn(.readOnlyFileSystem)]
        if call.hasPrefix("write") { effects += [.failure(.noSpace), .shortWrite, .shortWriteThenFailure(.noSpace)] }
        if call == "link" { effects += [.failure(.notPermitted), .failure(.fileExists)] }
        if call.hasPrefix("open") { effects += [.failure(.tooManyOpenFiles), .failure(.noSpace)] }
        return effects
    }

    @Test("whichever call fails, the session is as before or as after the operation, and takes more turns", arguments: operations)
    func anyCall(_ operation: StoreOperation) async throws {
        let disk = try await operation.preparedDisk()
        let (system, store) = try await operation.prepared(disk)
        system.reset()
        try await operation.run(store)
        for (index, call) in system.calls.enumerated() {
            for effect in Self.effects(call) {
                try await Self.check(operation, on: disk, SimulatedFileSystem.Fault(call: index + 1, effect: effect))
            }
        }
    }

    private static func check(
        _ operation: StoreOperation, on disk: SimulatedDisk?, _ fault: SimulatedFileSystem.Fault
    ) async throws {
        let (system, store) = try await operation.prepared(disk)
        system.reset(fault)
        var isDone = true
        do {
            try await operation.run(store)
        } catch let error as SessionError {
            isDone = false
            #expect([.storageFull, .storageUnavailable].contains(error.code), "\(operation.name): \(fault): \(error)")
        }
        let context = "\(fault), \(system.calls)"
        system.reset()
        let isClosed = system.openDescriptorCount <= 1 + (try operation.lockFileCount(store)) && system.heldLockCount == 0
        #expect(isClosed, "\(operation.name): \(context)")
        try await operation.check(system.disk, isDone: isDone, "\(context), a new store")
        for key in operation.before.keys.sorted() {
            let turns = try await operation.check(key, isDone: isDone, turn: "again", store, system, "\(operation.name): \(context)")
            guard let turns else { continue }
            #expect(try await system.store().say("next", length: 10, to: key) == turns, "\(operation.name): \(context)")
        }
    }

    @Test(
        "no stored turn is lost if the directory is missing during any two calls",
        arguments: operations.filter { $0.name.contains("turn of a session") || $0.name.contains("a key that is taken") })
    func awayForTwoCalls(_ operation: StoreOperation) async throws {
        let disk = try await operation.preparedDisk()
        let (system, store) = try await operation.prepared(disk)
        system.reset()
        try await operation.run(store)
        // One more, because handling the first failure may take more calls.
        for first in 1...system.calls.count {
            for second in first + 1...system.calls.count + 1 {
                let (system, store) = try await operation.prepared(disk)
                system.reset(SimulatedFileSystem.Fault(call: first, effect: .failureTwice(.noSuchFileOrDirectory, second: second)))
                var isDone = true
                do { try await operation.run(store) } catch is SessionError { isDone = false }
                try await operation.check(system.disk, isDone: isDone, "\(first) and \(second) of \(system.calls)")
            }
        }
    }

    @Test("an interrupted call is made again, whichever it is", arguments: operations)
    func interruption(_ operation: StoreOperation) async throws {
        let disk = try await operation.preparedDisk()
        var call = 0
        while true {
            call += 1
            let (system, store) = try await operation.prepared(disk)
            system.reset(SimulatedFileSystem.Fault(call: call, effect: .failure(.interrupted)))
            try await operation.run(store)
            guard call <= system.calls.count else { break }
            try await operation.check(system.disk, isDone: true, "call \(call) of \(system.calls)")
        }
    }
}
