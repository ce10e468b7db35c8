import Concurrency
import Files
import Foundation
import Harness
import SystemPackage
import Testing

@testable import Access
@testable import TestSupport

@Suite("The file of API keys")
struct KeyFileTests {
    /// Adds a key.
    private static func add(_ name: String, to file: KeyFile) throws {
        try file.change { ring throws(KeyFileError) in try ring.add(APIKey.make(name).key) }
    }

    /// What stands beside each other in the file's directory.
    private static let files = ["keys.json", "keys.json.index", "keys.json.lock"]

    private static func names(_ file: KeyFile) throws -> [String]? { try file.read()?.keys.map(\.name) }

    @Test("it is made for its owner alone, with its directory, and each change replaces it")
    func changes() throws {
        let home = try TemporaryDirectory()
        let path = home.path + "/deep/keys.json"
        let file = KeyFile(FilePath(path))
        #expect(try Self.names(file) == nil)
        #expect(throws: KeyFileError.self) { try Self.add("a", to: KeyFile(FilePath(home.path + "/no/such/keys.json"))) }
        try Self.add("a", to: file)
        try Self.add("b", to: file)
        #expect(try Self.names(file) == ["a", "b"])
        #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
        #expect(throws: KeyFileError.self) { try Self.add("a", to: file) }
        #expect(try Self.names(file) == ["a", "b"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/deep").sorted() == Self.files)
    }

    @Test("a file that others may write, or everybody may read, is refused", arguments: [0o604, 0o640, 0o620, 0o602, 0o777])
    func mode(mode: Int) throws {
        let home = try TemporaryDirectory()
        let file = KeyFile(FilePath(home.path + "/keys.json"))
        try Self.add("a", to: file)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file.path.string)
        do throws(KeyFileError) {
            _ = try file.read()
            Issue.record("it was read")
        } catch {
            #expect(error.description.hasSuffix("run chmod 600 \(file.path)"))
        }
    }

    @Test("a directory or a FIFO in its place is refused at once")
    func kinds() throws {
        let home = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: home.path + "/keys.json", withIntermediateDirectories: false)
        #expect(throws: KeyFileError.self) { _ = try KeyFile(FilePath(home.path + "/keys.json")).read() }
        #expect(mkfifo(home.path + "/fifo", 0o600) == 0)
        #expect(throws: KeyFileError.self) { _ = try KeyFile(FilePath(home.path + "/fifo")).read() }
    }

    @Test("a link keeps its place, and what a process left that died is no obstacle")
    func link() throws {
        let home = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: home.path + "/real", withIntermediateDirectories: false)
        let real = KeyFile(FilePath(home.path + "/real/keys.json"))
        try Self.add("a", to: real)
        try FileManager.default.createSymbolicLink(atPath: home.path + "/keys.json", withDestinationPath: real.path.string)
        try "half".write(toFile: home.path + "/real/keys.json.new", atomically: false, encoding: .utf8)
        try Self.add("b", to: KeyFile(FilePath(home.path + "/keys.json")))
        #expect(try Self.names(real) == ["a", "b"])
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: home.path + "/keys.json") == real.path.string)
        #expect(try FileManager.default.contentsOfDirectory(atPath: home.path + "/real").sorted() == Self.files)
    }

    @Test("a change by root leaves the file to its owner", .enabled(if: geteuid() == 0, "only root may give files away"))
    func owner() throws {
        let home = try TemporaryDirectory()
        let file = KeyFile(FilePath(home.path + "/keys.json"))
        try Self.add("a", to: file)
        #expect(chown(file.path.string, 65_534, 65_534) == 0)
        try Self.add("b", to: file)
        #expect(try FileManager.default.attributesOfItem(atPath: file.path.string)[.ownerAccountID] as? Int == 65_534)
    }

    @Test("nothing is written that could not be read again")
    func unreadable() throws {
        let home = try TemporaryDirectory()
        let file = KeyFile(FilePath(home.path + "/keys.json"))
        try Self.add("a", to: file)
        for change in [{ $0.note = "two\nlines" }, { $0.name = "a b" }, { $0.scopes = [] }, { $0.models = [""] }]
            as [(inout APIKey) -> Void]
        {
            #expect(throws: KeyFileError.self) { try file.change { ring throws(KeyFileError) in try ring.change("a", change) } }
        }
        #expect(try Self.names(file) == ["a"])
    }

    @Test("changes of many processes at once are all made")
    func contention() async throws {
        let home = try TemporaryDirectory()
        let path = FilePath(home.path + "/keys.json")
        // Each has its own descriptors, so that a lock keeps them apart as it does processes.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<16 { group.addTask { try Self.add("\(number)", to: KeyFile(path)) } }
            try await group.waitForAll()
        }
        #expect(try Self.names(KeyFile(path))?.count == 16)
    }

    @Test("whichever call fails, the keys are as before or as after the change")
    func faults() throws {
        let directory = FilePath("/data")
        for isNew in [true, false] {
            func prepared() throws -> (SimulatedFileSystem, KeyFile) {
                let system = SimulatedFileSystem()
                try system.makeDirectory(directory)
                let file = KeyFile(directory.appending("keys.json"), in: system)
                if !isNew { try Self.add("a", to: file) }
                return (system, file)
            }
            let (healthy, healthyFile) = try prepared()
            healthy.reset()
            try Self.add("b", to: healthyFile)
            #expect(healthy.calls.count > 8)
            for call in 1...healthy.calls.count {
                let (system, file) = try prepared()
                let before = try Self.names(file)
                system.reset(SimulatedFileSystem.Fault(call: call, effect: .failure(.ioError)))
                var isDone = true
                do throws(KeyFileError) {
                    try file.change { ring throws(KeyFileError) in try ring.add(APIKey.make("b").key) }
                } catch {
                    isDone = false
                }
                let calls = system.calls
                system.reset()
                let after = try Self.names(file)
                #expect(after == (before ?? []) + ["b"] || (!isDone && after == before), "\(call) of \(calls)")
                #expect(system.openDescriptorCount == 0 && system.heldLockCount == 0, "\(call) of \(calls)")
                if isDone { #expect(try Self.names(KeyFile(file.path, in: SimulatedFileSystem(system.disk))) == after) }
            }
        }
    }

    @Test("whenever the process or the machine dies, the keys are as before or as after the change, and after its return as after it")
    func deaths() throws {
        let directory = FilePath("/data")
        let system = SimulatedFileSystem()
        try system.makeDirectory(directory)
        let file = KeyFile(directory.appending("keys.json"), in: system)
        try Self.add("a", to: file)
        system.disk.synchronizeAll()
        system.reset(nil, records: true)
        try Self.add("b", to: file)
        let calls = system.recordedCalls
        var generator = SplitMix64(seed: 1)
        #expect(calls.count >= 5)
        for call in calls {
            for disk in [call.disk] + call.disk.crashStates(limit: 64, using: &generator) {
                let names = try Self.names(KeyFile(file.path, in: SimulatedFileSystem(disk)))
                #expect(names == ["a"] || names == ["a", "b"], "before \(call.call)")
            }
        }
        for disk in system.disk.crashStates(limit: 64, using: &generator) {
            #expect(try Self.names(KeyFile(file.path, in: SimulatedFileSystem(disk))) == ["a", "b"])
        }
    }
}
