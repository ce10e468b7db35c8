import Files
import Foundation
import Harness
import SystemPackage
import Testing

@testable import Prometheus
@testable import TestSupport

@Suite("The file of metrics")
struct MetricsFileTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/metrics" }
    private var file: MetricsFile { MetricsFile(FilePath(path)) }

    init() throws { directory = try TemporaryDirectory() }

    private func counts() throws -> [String: Int] {
        Dictionary(try file.samples().map { ($0.name, $0.count) }) { $0 + $1 }
    }

    @Test("counts of several writers are added, also of samples whose names begin alike")
    func adds() throws {
        try file.add([("a", 1), ("a{x=\"1\"}", 2)])
        try file.add([("a{x=\"1\"}", 40), ("b", 5), ("aa", 6)])
        try file.add([("a", 7)])
        #expect(try counts() == ["a": 8, "a{x=\"1\"}": 42, "b": 5, "aa": 6])
        #expect(try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").count == 4)
    }

    @Test("if any call fails, nothing is counted twice")
    func faults() throws {
        let base = SimulatedFileSystem()
        try base.makeDirectory("/data")
        try MetricsFile("/data/metrics", in: base).add([("a", 1), ("b", 1)])
        var call = 1
        while true {
            let system = SimulatedFileSystem(base.disk)
            let file = MetricsFile("/data/metrics", in: system)
            system.reset(SimulatedFileSystem.Fault(call: call, effect: .failure(.noSpace)))
            var sum = 0
            do throws(Errno) { try file.add([("a", 1), ("new", 1), ("b", 1)]) } catch { sum = 1 }
            let hasFailed = system.calls.count >= call
            system.reset()
            // What failed is added again.
            if sum == 1 { try file.add([("a", 1), ("new", 1), ("b", 1)]) }
            for sample in try file.samples() { #expect(sample.count <= (sample.name == "new" ? 1 : 2), "\(sample) after call \(call)") }
            if !hasFailed { break }
            call += 1
        }
        #expect(call > 5)
    }

    @Test("threads lose no count")
    func threads() async throws {
        try await withThrowingTaskGroup { group in
            for index in 0..<8 {
                group.addTask { [file] in for _ in 0..<100 { try file.add([("shared", 1), ("own\(index)", 1)]) } }
            }
            try await group.waitForAll()
        }
        let counts = try counts()
        #expect(counts["shared"] == 800 && (0..<8).allSatisfy { counts["own\($0)"] == 100 })
    }

    @Test(
        "a damaged file is read as far as it can be, and goes on",
        arguments: [
            "", "\n\n", "a", "a 1", "a 00000000000000000x\n", "a 000000000000000003\nb 00000", "\u{FFFD} 000000000000000003\n",
            String(repeating: "x", count: 5000), "a -00000000000000003\n",
        ])
    func damaged(text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        let before = try counts()["a"] ?? 0
        try file.add([("a", 2), ("b", 1)])
        #expect(try counts()["a"] == before + 2)
        #expect(try counts()["b"] == 1)
    }

    @Test("bytes that are no text, and what is cut at any place, stop nothing")
    func cut() throws {
        try file.add([("a", 1), ("b{x=\"y\"}", 2)])
        let whole = try Data(contentsOf: URL(fileURLWithPath: path)) + Data([0xff, 0x20, 0x0a])
        for length in 0...whole.count {
            try whole.prefix(length).write(to: URL(fileURLWithPath: path))
            try file.add([("a", 1)])
            #expect(try counts()["a"] ?? 0 >= 1)
        }
    }

    @Test("a count stays at the largest that has room")
    func largest() throws {
        try file.add([("a", .max)])
        try file.add([("a", .max), ("a", 1)])
        #expect(try counts() == ["a": 999_999_999_999_999_999])
    }

    @Test("what is no file of metrics is an error, and left alone")
    func otherFiles() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(throws: Errno.self) { try file.add([("a", 1)]) }
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        #expect(throws: Errno.fileTooLarge) { try file.add([("a", 1)]) }
        #expect(throws: Errno.fileTooLarge) { try file.samples() }
        try FileManager.default.removeItem(atPath: path)
        try Data(count: MetricsFile.maximumSize + 1).write(to: URL(fileURLWithPath: path))
        #expect(throws: Errno.fileTooLarge) { try file.add([("a", 1)]) }
    }

    @Test("a file that is full takes no new samples, and goes on to count the others")
    func full() throws {
        try file.add([("a", 1)])
        let name = String(repeating: "n", count: 100_000)
        for index in 0..<20 { try file.add([("\(index)\(name)", 1)]) }
        try file.add([("a", 1)])
        #expect(try counts()["a"] == 2)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
        #expect(try #require(size) <= MetricsFile.maximumSize)
    }
}
