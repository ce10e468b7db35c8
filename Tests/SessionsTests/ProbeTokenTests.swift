@testable import Files
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("The doctor's token, and its test of the file system")
struct ProbeTokenTests {
    @Test("a token is known while its file exists, and tells how many chunks were acknowledged")
    func token() throws {
        let directory = try TemporaryDirectory()
        let store = try SessionStore(directory: directory.path, logger: .test())
        let probe = try ProbeToken(in: directory.path)
        let other = try ProbeToken(in: directory.path)
        #expect(ProbeToken.isToken(probe.token) && probe.token != other.token)
        #expect(!probe.name.contains(probe.token) && probe.content != probe.token)
        #expect(store.probeAcknowledgements(token: probe.token) == 0)
        try probe.acknowledge()
        try probe.acknowledge()
        #expect(store.probeAcknowledgements(token: probe.token) == 2)
        #expect(store.probeAcknowledgements(token: other.token) == 0)
        for text in ["", "0", probe.token.uppercased() + "0", "../" + probe.token.dropFirst(3)] {
            #expect(store.probeAcknowledgements(token: text) == nil)
        }
        probe.remove()
        #expect(store.probeAcknowledgements(token: probe.token) == nil)
    }

    @Test("the token of a doctor that was killed expires after ten minutes, and the next doctor removes its file")
    func expiry() throws {
        let directory = try TemporaryDirectory()
        let store = try SessionStore(directory: directory.path, logger: .test())
        let probe = try ProbeToken(in: directory.path)
        let path = directory.path.appending(probe.name)
        var times = [timespec(tv_sec: time(nil) - 601, tv_nsec: 0), timespec(tv_sec: time(nil) - 601, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, path.string, &times, 0) == 0)
        #expect(store.probeAcknowledgements(token: probe.token) == nil)
        #expect(access(path.string, F_OK) == 0)
        _ = try ProbeToken(in: directory.path)
        #expect(access(path.string, F_OK) != 0)
    }

    @Test("the test of a file system writes, locks, and leaves nothing behind")
    func probe() throws {
        let directory = try TemporaryDirectory()
        do {
            let probe = try FileSystemProbe(in: directory.path)
            try probe.write()
            try probe.lock()
            let free = try probe.freeByteCount()
            #expect(free > 0)
        }
        var names: [String] = []
        try HostFileSystem().visitNames(in: directory.path, from: 0) { name, _ in
            names.append(name)
            return true
        }
        #expect(names.sorted() == [".", ".."])
        #expect(throws: SessionError.self) { _ = try FileSystemProbe(in: directory.path.appending("none")) }
    }
}
