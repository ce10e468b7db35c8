import Access
import CGI
import Chat
import Foundation
import JSON
import Models
import SystemPackage
import TestSupport
import Testing

@testable import ChatAPI

@Suite("What turns use")
struct KeyLimitTests {
    private struct Fixture {
        let api: API
        let secrets: [String: String]
        let directory: DataDirectory

        init(_ model: any ChatModel = ScriptedModel(), _ change: (inout APIKey) -> Void = { _ in }) throws {
            directory = try DataDirectory()
            let file = KeyFile(FilePath(directory.path + "/keys.json"))
            var secrets: [String: String] = [:]
            for name in ["a", "b", "admin"] {
                var key = APIKey(
                    name: name, scopes: [try #require(SessionScope("*"))], permissions: name == "admin" ? [.admin, .chat] : [.chat],
                    created: Date(timeIntervalSince1970: 1_700_000_000))
                secrets[name] = key.rotate(grace: 0, now: Date())
                if name == "a" { change(&key) }
                try file.change { [key] ring throws(KeyFileError) in try ring.add(key) }
            }
            self.secrets = secrets
            let price = Price(input: 1_000_000, output: 2_000_000)
            let catalog = ModelCatalog(default: ModelCatalog.Entry(id: "nanobot", model: model, price: price))
            api = try API(model, models: catalog, in: directory, keys: file) { _ in
            } configure: {
                $0.streams = true
            }
        }

        func chat(as key: String = "a", _ session: String = "wx:a", id: String? = nil, extra: String = "") async -> Response {
            await api.send(
                "POST", "/v1/chat/completions", session: session,
                headers: ["x-api-key": secrets[key] ?? "", "idempotency-key": id ?? UUID().uuidString],
                body: #"{\#(extra)"messages":[{"role":"user","content":"Hello"}]}"#)
        }

        func usage(as key: String, _ query: String = "") async -> Response {
            await api.send("GET", "/v1/usage?\(query)", session: nil, headers: ["x-api-key": secrets[key] ?? ""])
        }

        /// The recorded turns: status, total tokens and cost.
        var lines: [String] {
            get throws {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path + "/usage")) ?? []
                return try names.flatMap { name in
                    try String(contentsOfFile: directory.path + "/usage/" + name, encoding: .utf8).split(separator: "\n").map { line in
                        let field = try JSONField(parsing: Array(line.utf8))
                        let cost = try field.member("cost")?.number(in: 0...1e9)
                        return "\(try field.required("status").integer(in: 0...999)) "
                            + "\(try field.required("total_tokens").integer(in: 0 ... .max)) \(cost.map { "\($0)" } ?? "")"
                    }
                }
            }
        }
    }

    @Test("each turn is recorded once, with what it used, whole or streamed; a retry's answer is not")
    func recorded() async throws {
        let fixture = try Fixture()
        #expect(await fixture.chat(id: "1").status == 200)
        #expect(await fixture.chat(id: "1").status == 200)
        #expect(await fixture.chat(extra: #""stream":true,"#).status == 200)
        // One message of history more.
        #expect(try fixture.lines == ["200 3 5.0", "200 4 6.0"])
        #expect(await fixture.chat(extra: #""temperature":9,"#).status == 400)
        #expect(try fixture.lines.count == 2)
    }

    @Test("a key sees its own usage, and one with the route admin everybody's; an open API shows none")
    func scope() async throws {
        let fixture = try Fixture()
        for key in ["a", "a", "b"] { #expect(await fixture.chat(as: key, "wx:\(key)").status == 200) }
        func totals(_ response: Response) throws -> [Int?] {
            try JSONField(parsing: Array(response.text.utf8)).required("data").elements().map { $0.value.member("requests")?.wholeNumber }
        }
        #expect(try totals(await fixture.usage(as: "a")) == [2])
        #expect(try totals(await fixture.usage(as: "b", "by=session")) == [1])
        #expect(try totals(await fixture.usage(as: "admin")) == [2, 1])
        #expect(try totals(await fixture.usage(as: "admin", "by=model&since=2020-01-01&until=2020-02-01")) == [])
        #expect(!(await fixture.usage(as: "b", "by=session")).text.contains("wx:a"))
        for query in ["by=hour", "since=now", "until=2026-02-30", "since=2026-11-27T00:00:00Z"] {
            let response = await fixture.usage(as: "a", query)
            #expect(response.status == 400 && response.text.contains(#""code":"invalid_value""#), "\(query)")
        }
        #expect(await (try API()).send("GET", "/v1/usage", session: nil).status == 404)
    }

    @Test("what a turn reserves is settled when it ends, and given back when the model fails")
    func settled() async throws {
        let model = ScriptedModel { number in
            if number == 2 { throw ModelError(.failed, "no") }
            return "Answer"
        }
        let fixture = try Fixture(model) { ($0.limits.tpm, $0.limits.budgetPerMonth) = (1000, 1e6) }
        func rest() async throws -> [String] {
            let response = await fixture.api.send("GET", "/v1/key", session: nil, headers: ["x-api-key": fixture.secrets["a"] ?? ""])
            let rest = try JSONField(parsing: Array(response.text.utf8)).required("remaining")
            return [try rest.required("tpm"), try rest.required("budgetPerMonth")].map {
                String(decoding: $0.value.serialized, as: UTF8.self)
            }
        }
        // The minute may end between two requests.
        func isRest(_ expected: [String]) async throws -> Bool {
            let rest = try await rest()
            return rest[1] == expected[1] && (rest[0] == expected[0] || rest[0] == "1000")
        }
        #expect(await fixture.chat().status == 200)
        #expect(try await isRest(["997", "999995"]))
        #expect(await fixture.chat().status == 502)
        #expect(try await isRest(["997", "999995"]))
        #expect(try fixture.lines == ["200 3 5.0", "502 0 0.0"])
    }

    @Test("when nothing is left the model is not asked, nothing is stored, and nothing recorded")
    func exhausted() async throws {
        let model = ScriptedModel()
        let fixture = try Fixture(model) { $0.limits.tokensPerDay = 3 }
        #expect(await fixture.chat().status == 200)
        let refused = await fixture.chat()
        #expect(refused.status == 429 && refused.text.contains("insufficient_quota"))
        #expect(await model.count == 1)
        #expect(try fixture.lines.count == 1)
        #expect(await fixture.chat(as: "b").status == 200)
    }

    @Test("a client that leaves pays what was reserved, since nobody knows what the model used")
    func left() async throws {
        let model = GatedModel(.say("Hel"), .waitForCancellation)
        let fixture = try Fixture(model) { $0.limits.tokensPerDay = 100_000 }
        do {
            var reader = StreamReader(await fixture.chat(extra: #""stream":true,"#))
            _ = try await reader.chunk()
        }
        #expect(try await eventually { try fixture.lines == ["499 0 0.0"] })
        let key = await fixture.api.send("GET", "/v1/key", session: nil, headers: ["x-api-key": fixture.secrets["a"] ?? ""])
        #expect(key.text.contains(#""remaining":{"tokensPerDay":98999}"#) || key.text.contains(#""remaining":{"tokensPerDay":98998}"#))
    }
}
