import Foundation
import Glibc
import Testing

@testable import Harness

@Suite("Started programs")
struct ChildProcessTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private func run(_ script: String, input: CInt? = nil) throws -> (status: Int, output: String) {
        let child = try ChildProcess(
            ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], input: input, output: directory.file("output"))
        let ending = child.reap()
        return (ending.status, try String(contentsOfFile: directory.file("output"), encoding: .utf8))
    }

    @Test("a program inherits no descriptor but its standard streams")
    func descriptors() throws {
        // Without close-on-exec.
        let open = try #require([dup(0)].first { $0 > 2 })
        defer { close(open) }
        #expect(try run("ls /proc/$$/fd") == (0, "0\n1\n2\n"))
    }

    @Test("a descriptor that is given becomes the program's standard input")
    func input() throws {
        let file = open(try directory.file("input", "text".utf8), O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        #expect(try run("cat", input: file) == (0, "text"))
    }

    @Test("a status is the program's own, or 128 and the signal that ended it", arguments: [("exit 3", 3), ("kill -9 $$", 137)])
    func status(script: String, status: Int) throws {
        #expect(try run(script).status == status)
    }

    @Test("a program has not ended before it ends")
    func hasEnded() throws {
        let child = try ChildProcess(["sleep", "600"], environment: ["PATH": "/usr/bin:/bin"])
        #expect(!child.hasEnded)
        child.send(SIGKILL)
        #expect(child.reap().status == 128 + Int(SIGKILL))
    }

    @Test("a missing program is named")
    func missing() {
        let error = #expect(throws: ChildProcess.StartFailed.self) {
            try ChildProcess(["no-such-program"], environment: ["PATH": "/usr/bin:/bin"])
        }
        #expect(error?.description == "The program no-such-program is missing.")
    }
}
