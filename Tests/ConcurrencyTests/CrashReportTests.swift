import Foundation
import Glibc
import Testing

@testable import Concurrency
import JSON

@Suite("The line of a crash")
struct CrashReportTests {
    private func line(_ result: ExitTest.Result?) throws -> String {
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        let lines = text.split(separator: "\n").filter { $0.contains("Crashed by") }
        #expect(lines.count == 1, "\(text)")
        return String(lines.first ?? "")
    }

    @Test("a trap reports its signal, the request's id and its route, and ends the process by the signal")
    func trap() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            CrashReport.install()
            let outside: [Int] = []
            RequestLabel.$current.withValue(RequestLabel(route: "POST /v1/x", requestID: "req_1")) { print(outside[0]) }
        }
        let line = try line(result)
        #expect(line.contains(" critical: Crashed by SIG"))
        #expect(line.hasSuffix(") request=req_1 route=POST /v1/x"), "\(line)")
        #expect(line.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ critical: .*/) != nil)
    }

    @Test("a task has its request's label, on whatever thread it runs")
    func task() async throws {
        let result = await #expect(processExitsWith: .signal(SIGABRT), observing: [\.standardErrorContent]) {
            CrashReport.install()
            await RequestLabel.$current.withValue(RequestLabel(route: "GET /a", requestID: "outer")) {
                await withTaskGroup(of: Void.self) { group in group.addTask { abort() } }
            }
        }
        #expect(try line(result).hasSuffix(" request=outer route=GET /a"))
    }

    @Test("a stack overflow on one of the program's threads is reported")
    func stack() async throws {
        let result = await #expect(processExitsWith: .signal(SIGSEGV), observing: [\.standardErrorContent]) {
            @Sendable func deeper(_ number: Int) -> Int { number > 0 ? deeper(number &+ 1) &+ deeper(number &+ 2) : 0 }
            CrashReport.install()
            try startThread { print(deeper(1)) }
            while true { pause() }
        }
        #expect(try line(result).hasSuffix("(memory that is not there, or a stack that overflowed)"))
    }

    @Test("in a JSON report, every text stays inside its string")
    func json() async throws {
        let result = await #expect(processExitsWith: .signal(SIGFPE), observing: [\.standardErrorContent]) {
            CrashReport.install()
            CrashReport.write(to: STDERR_FILENO, asJSON: true)
            _ = RequestLabel.$current.withValue(RequestLabel(route: "r\"\\\n\u{7f}é", requestID: String(repeating: "\"", count: 5000))) {
                raise(SIGFPE)
            }
        }
        let line = try line(result)
        struct Line: Decodable {
            var time: String
            var level: String
            var message: String
            var request: String
        }
        let fields = try JSONDecoder().decode(Line.self, from: Data(line.utf8))
        #expect(fields.level == "critical" && fields.message == "Crashed by SIGFPE (a division by zero)")
        #expect(fields.request.allSatisfy { $0 == "\"" } && fields.request.count == 256)
    }

    @Test("threads that crash at once leave one line", arguments: 1...10)
    func severalThreads(_ round: Int) async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            CrashReport.install()
            let outside: [Int] = []
            let gate = Mutex(())
            gate.withLock { _ in
                for _ in 0..<20 {
                    try? startThread {
                        gate.withLock { _ in }
                        print(outside[1])
                    }
                }
            }
            while true { pause() }
        }
        _ = try line(result)
    }

    @Test("a crashing process ends even if nobody reads its report")
    func fullPipe() async {
        await #expect(processExitsWith: .signal(SIGBUS)) {
            CrashReport.install()
            var ends: [CInt] = [0, 0]
            pipe(&ends)
            _ = fcntl(ends[1], F_SETFL, O_NONBLOCK)
            let block = [UInt8](repeating: 0, count: 4096)
            while write(ends[1], block, block.count) > 0 {}
            _ = fcntl(ends[1], F_SETFL, 0)
            dup2(ends[1], STDERR_FILENO)
            raise(SIGBUS)
        }
    }
}
