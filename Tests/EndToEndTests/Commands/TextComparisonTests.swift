import Foundation
import Harness
import Testing

/// Text from outside is compared, searched and hashed by its bytes. The compiler chooses between the operators of the module Text and those
/// of the standard library, so what it chose is read from the object files.
@Suite("How the sources compare text")
struct TextComparisonTests {
    private static let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../../Sources")
        .standardized
    /// Tools of the tests and the benchmark.
    private static let exempt = ["Harness/", "nanobot-bench/"]

    /// Functions of the standard library that normalise, and the conformances by which generic code reaches them.
    private static let forbidden = [
        "$sSS2eeoiySbSS_SStFZ": "String ==", "$sSS1loiySbSS_SStFZ": "String <", "$sSSSQsWP": "String: Equatable",
        "$sSSSLsWP": "String: Comparable", "$sSsSQsWP": "Substring: Equatable", "$sSsSHsWP": "Substring: Hashable",
        "$sSsSLsWP": "Substring: Comparable", "$sSJ2eeoiySbSJ_SJtFZ": "Character ==", "$sSJSQsWP": "Character: Equatable",
        "$sSJSHsWP": "Character: Hashable", "$sSJSLsWP": "Character: Comparable", "$sSS9hasPrefixySbSSF": "String.hasPrefix",
        "$sSS9hasSuffixySbSSF": "String.hasSuffix", "$sSysE9hasPrefixySbqd__SyRd__lF": "StringProtocol.hasPrefix",
        "$sSysE9hasSuffixySbqd__SyRd__lF": "StringProtocol.hasSuffix", "$sSysE2eeoiySbx_qd__tSyRd__lFZ": "StringProtocol ==",
        "$sSy17_StringProcessingE8containsySbSSF": "String.contains",
    ]
    private static let hashable = "$sSSSHsWP"
    /// Files that hash texts which no client, upstream or file of another program chooses.
    private static let hashing: Set = [
        // The process's environment is a dictionary.
        "Configuration/Configuration.swift", "nanobot/RuntimeDirectory.swift", "nanobot/FastCGIResponder.swift",
        // So is the metadata of swift-log.
        "nanobot/LineLogHandler.swift", "nanobot/SessionCommands/TerminalLogHandler.swift", "Server/Middleware/AccessLog.swift",
        "Server/Server+FastCGI.swift",
        // The operator's settings.
        "HTTPClient/UpstreamAddress.swift", "Models/Upstream/Upstream.swift", "Configuration/Setting.swift",
    ]

    private struct File {
        var path: String
        var text: String
    }

    private func files() throws -> [File] {
        let names = try #require(FileManager.default.enumerator(atPath: Self.sources.path)).compactMap { $0 as? String }
        return try names.filter { name in name.hasSuffix(".swift") && !Self.exempt.contains { name.hasPrefix($0) } }.map {
            File(path: $0, text: try String(contentsOf: Self.sources.appending(path: $0), encoding: .utf8))
        }
    }

    /// The symbols that a source file's object needs.
    private func symbols(_ file: File) async throws -> Set<Substring> {
        let products = URL(fileURLWithPath: try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe"))
            .deletingLastPathComponent()
        let target = file.path.prefix { $0 != "/" }
        let object = products.appending(path: "\(target).build/\(file.path.split(separator: "/").last ?? "").o").path
        let outcome = try await Program.run("nm", ["--undefined-only", object])
        try #require(outcome.status == 0, "\(outcome.standardError)")
        return Set(String(decoding: outcome.standardOutput, as: UTF8.self).split(whereSeparator: \.isWhitespace))
    }

    @Test("no source file compares, searches or hashes text in normalised form")
    func objects() async throws {
        let files = try files()
        #expect(files.count > 200)
        var found = 0
        for file in files {
            let symbols = try await symbols(file)
            found += symbols.count
            for (symbol, name) in Self.forbidden where symbols.contains(symbol[...]) {
                Issue.record("\(file.path) uses \(name): import Text, or compare the UTF-8 bytes")
            }
            // An enumeration with texts is hashable by them; nothing of its file may be hashed by a text otherwise.
            guard symbols.contains(Self.hashable[...]), !Self.hashing.contains(file.path) else { continue }
            let hasCases = file.text.contains(/enum \w+: (String|CodingKey)/)
            #expect(hasCases, "\(file.path) hashes a String: use TextKey")
            let hashes = file.text.contains(/\[String ?: ?[A-Z(]|(Set|Dictionary)<String/)
            #expect(!hashes, "\(file.path) hashes a String: use TextKey")
        }
        #expect(found > 10_000)
    }

    /// The compiler's own compares normalised characters, and also the one that decodes such an enumeration.
    @Test("no case of an enumeration is found by init(rawValue:)")
    func rawValues() throws {
        let files = try files()
        let names = Set(files.flatMap { $0.text.matches(of: /enum (\w+): String\b/).map { String($0.output.1) } })
        #expect(names.count > 8)
        for file in files {
            for call in file.text.matches(of: #/(\w+)\(rawValue:/#) where names.contains(String(call.output.1)) || call.output.1 == "Self" {
                Issue.record("\(file.path): \(call.output.0): use init(text:)")
            }
            for type in file.text.matches(of: /enum \w+: String, [^{]*\b(Codable|Decodable)\b/) {
                Issue.record("\(file.path): \(type.output.0): decode it with init(text:)")
            }
        }
    }

    /// It has the members of an object in a dictionary of strings.
    @Test("no source file uses Foundation's JSON decoder")
    func decoder() throws {
        for file in try files() { #expect(!file.text.contains(/\bJSONDecoder\(/), "\(file.path)") }
    }
}
