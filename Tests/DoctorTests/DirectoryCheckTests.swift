import SystemPackage
import Testing

@testable import Doctor

@Suite("The check of the data directory")
struct DirectoryCheckTests {
    private func diagnostics(_ path: FilePath, minimumFreeBytes: Int = 0) -> [Diagnostic] {
        DirectoryCheck(path: path, minimumFreeBytes: minimumFreeBytes).diagnostics()
    }

    @Test("a missing data directory is not created; the directory above it is probed")
    func missing() throws {
        let scratch = try TemporaryDirectory()
        let found = diagnostics(scratch.path.appending("a").appending("b"))
        #expect(found[0] == .ok("data directory: \(scratch.path)/a/b is not there yet, and can be made in \(scratch.path)"))
        #expect(found[1].text.contains("(fdatasync)") && found[1].level == .ok)
        #expect(try scratch.names() == [])
    }

    @Test("the check leaves nothing behind in a data directory")
    func present() throws {
        let scratch = try TemporaryDirectory()
        let data = try scratch.directory("data", mode: 0o700)
        let found = diagnostics(data)
        #expect(found.first == .ok("data directory: \(data) can be written"))
        #expect(found.last == .ok("data directory: other users see nothing of what is in it"))
        #expect(!found.contains { $0.level == .problem })
        #expect(try scratch.names() == ["data"])
    }

    @Test("a file in place of the data directory, or above it, is a problem")
    func file() throws {
        let scratch = try TemporaryDirectory()
        let file = try scratch.file("file")
        #expect(diagnostics(file) == [.problem("data directory: \(file) is not a directory", Fix.elsewhere)])
        let below = diagnostics(file.appending("data"))
        #expect(below.map(\.level) == [.problem])
        #expect(below[0].text.hasPrefix("data directory: \(file)/data cannot be looked at: "))
    }

    @Test("sessions that other users may list are a problem, with the line that fixes it")
    func modes() throws {
        let scratch = try TemporaryDirectory()
        let data = try scratch.directory("data", mode: 0o711)
        let sessions = try scratch.directory("data/sessions", mode: 0o750)
        _ = try scratch.directory("data/quarantine", mode: 0o700)
        #expect(
            diagnostics(data).last
                == .problem("data directory: other users of this host may look into \(sessions)", ["chmod 700 \(sessions)"]))
        // Nobody can reach it.
        _ = try scratch.directory("data", mode: 0o700)
        #expect(diagnostics(data).last?.level == .ok)
    }

    @Test("a disk with less room than turns need is a problem")
    func room() throws {
        let scratch = try TemporaryDirectory()
        let found = diagnostics(scratch.path, minimumFreeBytes: 1 << 50)
        let problem = try #require(found.first { $0.level == .problem })
        #expect(problem.text.hasSuffix("with fewer than 1125899906842624 no turn is stored"))
        #expect(problem.fix.count == 1)
    }
}
