import Foundation
import TestSupport
import Testing

@testable import Sessions

@Suite("Any import")
struct ImportPropertyTests {
    private static let documents = [
        #"{"format":"nanobot-session/1","key":"a","created_at":"2026-11-23T09:00:00Z","turns":[{"id":"turn-1","at":"2026-11-23T09:00:00Z","messages":[{"role":"user","content":"Hello"},{"role":"assistant","content":"Hi"}],"model":"m","finish_reason":"stop","usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3},"request":{"id":"r","idempotency_key":null,"body_sha256":"0"}}]}"#,
        #"{"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Hello"}]},{"role":"assistant","content":"Hi","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"c","content":"1"}]}"#,
        """
        {"_type":"metadata","key":"a","created_at":"2026-01-01T10:00:00.123","metadata":{}}
        {"role":"user","content":"Hello","timestamp":"2026-01-01T10:00:00"}
        {"role":"assistant","content":"Hi","timestamp":"2026-01-01T10:00:01+08:00"}
        """,
    ]

    @Test(
        "a document that was cut or changed anywhere is refused, or is a session that can be read and continued",
        arguments: TestLength.seeds(60))
    func anything(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        for document in Self.documents {
            var bytes = Array(document.utf8)
            for _ in 0..<Int.random(in: 0...3, using: &generator) {
                let position = Int.random(in: 0..<max(1, bytes.count), using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes.removeSubrange(min(position, bytes.count)...)
                case 1 where !bytes.isEmpty: bytes[position] = UInt8.random(in: 0...255, using: &generator)
                case 2:
                    // A number or a text in the place of a value.
                    guard let colon = bytes.indices.filter({ bytes[$0] == UInt8(ascii: ":") }).randomElement(using: &generator) else {
                        break
                    }
                    let end = bytes[colon...].firstIndex { ",}\n".utf8.contains($0) } ?? bytes.count
                    let value = LimitNumbers.json.randomElement(using: &generator) ?? ""
                    bytes.replaceSubrange(colon + 1..<end, with: value.utf8)
                default: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
                }
            }
            let directory = try TemporaryDirectory()
            let store = try directory.store()
            let session: ImportedSession
            do {
                session = try ImportedSession(bytes, name: "x.json", key: SessionKey("a"))
            } catch {
                #expect(!error.description.isEmpty)
                continue
            }
            do {
                _ = try await store.importSession(session)
                _ = try await store.importSession(session, merges: true)
                var damages = 0
                try await store.verify { _ in damages += 1 }
                #expect(damages == 0, "\(String(decoding: bytes, as: UTF8.self))")
                let turns = try await store.summary(of: session.key).turnCount
                try await store.say("new", to: session.key.description)
                #expect(try await store.summary(of: session.key).turnCount == turns + 1)
                for format in ExportFormat.allCases { try await store.export(session.key, as: format) { _ in } }
            } catch let error as SessionError where error.code == .turnTooLong {
            }
        }
    }
}
