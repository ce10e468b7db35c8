import Foundation
import Harness
import Testing

@Suite("What the executable is linked to")
struct LinkageTests {
    private static let release = ProcessInfo.processInfo.environment["NANOBOT_RELEASE_BINARY"]
    private static let path = release ?? Nanobot.path

    private func output(_ program: String, _ arguments: [String]) async throws -> String {
        let outcome = try await Program.run(program, arguments)
        try #require(outcome.status == 0, "\(outcome.standardError)")
        return String(decoding: outcome.standardOutput, as: UTF8.self)
    }

    @Test("the executable links no Foundation, ICU, libfcgi, libsodium, zlib or libcurl")
    func needed() async throws {
        let needed = try await output("readelf", ["--wide", "--dynamic", Self.path]).split(separator: "\n").filter {
            $0.contains("(NEEDED)")
        }
        #expect(needed.contains { $0.contains("libc.so.6") })
        for library in [
            "libFoundation.so", "libFoundationInternationalization.so", "lib_FoundationICU.so", "libicu", "libfcgi", "libsodium", "libz.so",
            "libcurl",
        ] {
            #expect(!needed.contains { $0.contains(library) }, "\(library)")
        }
    }

    @Test("the executable has no symbols of ICU")
    func symbols() async throws {
        let symbols = try await output("nm", ["--dynamic", Self.path])
        #expect(symbols.contains(" U "))
        for symbol in [" ucol_", " ucnv_", " u_", " udat_", " _ucol_", " _ucnv_"] {
            #expect(!symbols.contains(symbol), "\(symbol)")
        }
    }

    @Test("a release build stands alone: no search path, no Swift library, no ICU data, at most 20 MB")
    func release() async throws {
        // deploy/test sets NANOBOT_RELEASE_BINARY; what holds for any build is checked above and here.
        let dynamic = try await output("readelf", ["--wide", "--dynamic", Self.path])
        #expect(!dynamic.contains("libFoundation.so"))
        guard let path = Self.release else { return }
        #expect(!dynamic.contains("(RUNPATH)") && !dynamic.contains("(RPATH)"))
        #expect(!dynamic.contains("libswift"))
        #expect(!dynamic.contains("libstdc++"))
        let symbols = try await output("nm", [path])
        #expect(!symbols.contains("icudt"))
        let scratch = try TemporaryDirectory()
        _ = try await output(Nanobot.deploy + "/strip", [path, scratch.path + "/stripped"])
        // What relocation has changed is read-only afterwards.
        #expect(try await output("readelf", ["-lW", scratch.path + "/stripped"]).contains("GNU_RELRO"))
        let size = try FileManager.default.attributesOfItem(atPath: scratch.path + "/stripped")[.size] as? Int
        #expect(try #require(size) <= 20_000_000)
    }
}
