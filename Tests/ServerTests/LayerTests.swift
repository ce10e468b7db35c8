import Foundation
import Testing

/// Dependencies point downwards only: what stands in the list may import what stands before it, and nothing else of the package.
@Suite("Layers")
struct LayerTests {
    private static let layers = [
        "CCrash", "CCurl", "CFCGI", "CKernel", "CLinux", "COpenAPI", "CSodium", "CZlib", "Text", "JSON", "Concurrency", "Crypto", "Files",
        "HTTPClient", "CGI",
        "FastCGI",
        "Prometheus", "Access", "Configuration", "Chat", "Sessions", "Models", "BuiltinModel", "Server", "ChatAPI", "Doctor", "nanobot",
    ]

    /// What a target does not know, beside what is above it.
    private static let unknown: [String: Set<String>] = [
        "JSON": ["Concurrency"], "CGI": ["JSON", "HTTPClient", "Crypto"], "FastCGI": ["CGI", "JSON", "HTTPClient", "Crypto"],
        "HTTPClient": ["JSON", "Crypto"], "Files": ["JSON", "Crypto"],
        "Prometheus": ["JSON", "Crypto", "HTTPClient", "CGI", "FastCGI"],
        "Access": ["HTTPClient", "CGI", "FastCGI", "Configuration"], "Configuration": ["Concurrency", "FastCGI", "CGI"],
        "Chat": ["HTTPClient", "CGI", "FastCGI", "Configuration"], "Sessions": ["HTTPClient", "CGI", "FastCGI", "Configuration"],
        "Models": ["Sessions", "CGI", "FastCGI", "Configuration"], "BuiltinModel": ["Sessions", "CGI", "FastCGI", "HTTPClient"],
        "Server": ["Chat", "Sessions", "Models", "HTTPClient", "Configuration"],
        "ChatAPI": ["FastCGI", "HTTPClient", "BuiltinModel", "Configuration"],
    ]

    /// The targets that a target's files import.
    private func imports(of target: String) throws -> Set<String> {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../Sources/\(target)")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        var names: Set<String> = []
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: /(?m)^(?:@\w+ )?(?:package |public )?import (?:struct |class |enum |func )?(\w+)/) {
                names.insert(String(match.1))
            }
        }
        return names.intersection(Self.layers)
    }

    @Test("a target imports only what is below it", arguments: layers)
    func downwards(target: String) throws {
        let below = Set(Self.layers.prefix { $0 != target })
        let imports = try imports(of: target)
        #expect(imports.subtracting(below).subtracting([target]) == [])
        #expect(imports.intersection(Self.unknown[target] ?? []) == [])
    }

    @Test("a C library is imported by one target", arguments: ["CFCGI", "COpenAPI", "CSodium", "CZlib", "CCurl", "CCrash"])
    func libraries(library: String) throws {
        let users = try Self.layers.filter { try imports(of: $0).contains(library) }
        #expect(users.count == 1, "\(users)")
    }

    @Test("every target of the program is in the list")
    func all() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Sources"
        let targets = try FileManager.default.contentsOfDirectory(atPath: folder).filter { name in
            !name.contains(".") && !name.contains("-") && FileManager.default.fileExists(atPath: "\(folder)/\(name)")
        }
        #expect(Set(targets).subtracting(["Harness", "TestSupport"]) == Set(Self.layers))
    }
}
