import Concurrency
import Glibc
import TestSupport
import Testing

@Suite("WorkerPool")
struct WorkerPoolTests {
    @Test("thousands of jobs run, on no more threads than the pool has", arguments: [1, 2, 4])
    func jobs(threads: Int) async throws {
        let pool = try WorkerPool(threads: threads)
        let used = await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<10_000 { group.addTask(executorPreference: pool) { UInt(pthread_self()) } }
            return await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
        }
        #expect(used.values.reduce(0, +) == 10_000)
        #expect(1...threads ~= used.count)
    }

    @Test("a pool asked for no threads has one")
    func noThreads() async throws {
        let pool = try WorkerPool(threads: 0)
        #expect(await Task(executorPreference: pool) { 42 }.value == 42)
    }

    @Test("one thread runs jobs in the order they arrived")
    func order() async throws {
        let pool = try WorkerPool(threads: 1)
        let log = Log<Int>()
        let tasks = (0..<1000).map { number in Task(executorPreference: pool) { log.append(number) } }
        for task in tasks { await task.value }
        #expect(log.entries == Array(0..<1000))
    }

    @Test("a waiting job frees its thread for others, and resumes on the pool")
    func waiting() async throws {
        let pool = try WorkerPool(threads: 1)
        let gate = Gate()
        let thread = await Task(executorPreference: pool) { UInt(pthread_self()) }.value
        let waiting = Task(executorPreference: pool) {
            await gate.pass()
            return UInt(pthread_self())
        }
        #expect(await Task(executorPreference: pool) { 42 }.value == 42)
        gate.open()
        #expect(await waiting.value == thread)
    }
}
