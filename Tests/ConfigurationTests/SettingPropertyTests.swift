import Configuration
import Foundation
import TestSupport
import Testing

@Suite("Any settings")
struct SettingPropertyTests {
    private static let values =
        LimitNumbers.json + LimitNumbers.texts.map { "\"\($0)\"" }
        + [
            "null", "true", "{}", "[]", "[[]]", "{\"a\":1}", "\"\\u0000\"", "[\"a\",1]", "[{\"id\":\"a\",\"upstream\":\"b\"}]",
            "{\"url\":\"#\"}",
        ]

    @Test(
        "any value of any setting is accepted or refused in a sentence that names it, in a file and in a variable",
        arguments: TestLength.seeds(20))
    func anything(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        for key in Configuration.keys {
            let value = Self.values.randomElement(using: &generator) ?? ""
            let parts = key.name.split(separator: ".")
            let file = parts.reversed().reduce(value) { "{\"\($1)\":\($0)}" }
            let variable = [key.environmentVariable: LimitNumbers.texts.randomElement(using: &generator) ?? ""]
            for make in [{ try Configuration.make(file: file) }, { try Configuration.make(variable) }] {
                do {
                    for problem in try make().problems() {
                        let text = "\(problem)"
                        #expect(text.contains(parts[0]) || text.contains(key.environmentVariable), "\(key.name): \(value): \(text)")
                    }
                } catch {
                    #expect(!"\(error)".isEmpty && "\(error)".utf8.count < 2000, "\(key.name): \(value)")
                }
            }
        }
    }

    @Test("a file of settings that was cut, or of which any byte was changed, is read or refused", arguments: TestLength.seeds(40))
    func bytes(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let file =
            #"{"upstream":{"url":"https://a.example/v1","retries":2},"limits":{"bodyBytes":1000},"models":[{"id":"a"}],"stream":true}"#
        var bytes = Array(file.utf8)
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
            let position = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: bytes.removeSubrange(position...)
            case 1: bytes[position] = UInt8.random(in: 0...255, using: &generator)
            default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
            }
            if bytes.isEmpty { bytes = [0] }
        }
        let settings = try SettingsFile(bytes)
        withExtendedLifetime(settings) {
            _ = try? Configuration(file: settings.path, environment: ["HOME": "/nonexistent"]).problems()
        }
    }
}
