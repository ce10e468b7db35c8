import Concurrency
import CoreMetrics
import Foundation
import Harness
import SystemPackage
import TestSupport
import Testing

@testable import Prometheus

@Suite("The registry of metrics")
struct MetricsRegistryTests {
    private let directory: TemporaryDirectory
    private var file: MetricsFile { MetricsFile(FilePath(directory.path + "/metrics")) }

    init() throws { directory = try TemporaryDirectory() }

    private func registry(_ executor: (any TaskExecutor)? = nil) -> MetricsRegistry {
        MetricsRegistry(file, executor: executor, logger: .test())
    }

    private func count(_ name: String) throws -> Int? { try file.samples().first { $0.name == name }?.count }

    @Test("what instruments of one name count is one sample, which registries of several processes add up")
    func counters() throws {
        for registry in [registry(), registry()] {
            for _ in 1...3 {
                Counter(label: "turns_total", dimensions: [("model", "a \"b\"\\\n")], factory: registry).increment(by: 2)
            }
            registry.flush()
            registry.flush()
        }
        #expect(try count(#"turns_total{model="a \"b\"\\\n"}"#) == 12)
    }

    @Test(
        "durations are counted in the first bucket that holds them",
        arguments: [
            (0, "0.005"), (5_000_000, "0.005"), (5_000_001, "0.025"), (90_000_000_000, "120"), (Int64.max, "+Inf"), (-1, "0.005"),
        ])
    func durations(nanoseconds: Int64, bucket: String) throws {
        let registry = registry()
        CoreMetrics.Timer(label: "t", dimensions: [("route", "x")], factory: registry).recordNanoseconds(nanoseconds)
        registry.flush()
        #expect(try count("t_bucket{route=\"x\",le=\"\(bucket)\"}") == 1)
        #expect(try count("t_sum{route=\"x\"}") ?? 0 == max(0, nanoseconds) / 1000)
    }

    @Test("counts reach the file by themselves")
    func flushes() async throws {
        let registry = registry(try WorkerPool(threads: 1))
        Counter(label: "a", factory: registry).increment()
        let isThere = try await eventually { try count("a") == 1 }
        #expect(isThere)
    }

    @Test("what cannot be written is kept, and written later; the log says so once")
    func fails() throws {
        let lines = Log<LogLine>()
        let path = directory.path + "/later/metrics"
        let registry = MetricsRegistry(MetricsFile(FilePath(path)), executor: nil, logger: .test(lines))
        let counter = Counter(label: "a", factory: registry)
        for _ in 1...3 {
            counter.increment()
            registry.flush()
        }
        #expect(lines.entries.count == 1)
        try FileManager.default.createDirectory(atPath: directory.path + "/later", withIntermediateDirectories: false)
        registry.flush()
        #expect(try MetricsFile(FilePath(path)).samples().map(\.count) == [3])
    }
}
