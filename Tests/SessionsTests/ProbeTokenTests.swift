import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Sessions

@Suite("The doctor's pass, and trials of storage")
struct ProbeTokenTests {
    @Test("a token is known while its pass is there, and says how much was acknowledged")
    func token() throws {
        let directory = try TemporaryDirectory()
        let store = try SessionStore(directory: directory.path, logger: .test())
        let pass = try ProbeToken(in: directory.path)
        let other = try ProbeToken(in: directory.path)
        #expect(ProbeToken.isToken(pass.token) && pass.token != other.token)
        #expect(!pass.name.contains(pass.token) && pass.content != pass.token)
        #expect(store.doctorAcknowledgements(token: pass.token) == 0)
        try pass.acknowledge()
        try pass.acknowledge()
        #expect(store.doctorAcknowledgements(token: pass.token) == 2)
        #expect(store.doctorAcknowledgements(token: other.token) == 0)
        for text in ["", "0", pass.token.uppercased() + "0", "../" + pass.token.dropFirst(3)] {
            #expect(store.doctorAcknowledgements(token: text) == nil)
        }
        pass.remove()
        #expect(store.doctorAcknowledgements(token: pass.token) == nil)
    }

    @Test("a pass whose doctor was killed is worth nothing after ten minutes, and goes with the next one")
    func expiry() throws {
        let directory = try TemporaryDirectory()
        let store = try SessionStore(directory: directory.path, logger: .test())
        let pass = try ProbeToken(in: directory.path)
        let path = directory.path.appending(pass.name)
        var times = [timespec(tv_sec: time(nil) - 601, tv_nsec: 0), timespec(tv_sec: time(nil) - 601, tv_nsec: 0)]
        #expect(utimensat(AT_FDCWD, path.string, &times, 0) == 0)
        #expect(store.doctorAcknowledgements(token: pass.token) == nil)
        #expect(access(path.string, F_OK) == 0)
        _ = try ProbeToken(in: directory.path)
        #expect(access(path.string, F_OK) != 0)
    }

    @Test("a trial writes, locks, and leaves nothing")
    func trial() throws {
        let directory = try TemporaryDirectory()
        do {
            let trial = try FileSystemProbe(in: directory.path)
            try trial.write()
            try trial.lock()
            let free = try trial.freeByteCount()
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
