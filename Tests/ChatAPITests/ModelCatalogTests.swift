import Chat
import CGI
import Models
import Testing

@testable import ChatAPI
@testable import Sessions

@Suite("Several models")
struct ModelCatalogTests {
    private static func entry(_ id: String) -> ModelCatalog.Entry {
        ModelCatalog.Entry(id: id, systemPrompt: "You are \(id).", model: ScriptedModel { _ in "I am \(id)." })
    }

    private static let fast = entry("fast")
    private static let listed = ModelCatalog(default: entry("deep/er"), list: [fast, entry("deep/er")])

    private func ask(_ catalog: ModelCatalog, _ model: String?) async throws -> Response {
        let member = model.map { #""model":"\#($0)","# } ?? ""
        return try await API(models: catalog).send(
            "POST", "/v1/chat/completions", body: #"{\#(member)"messages":[{"role":"user","content":"Hello"}]}"#)
    }

    @Test(
        "the model that a request names answers, with its own system prompt; if it names none, the default answers",
        arguments: [("fast", "fast"), ("deep/er", "deep/er"), (nil, "deep/er"), ("", "deep/er")] as [(String?, String)])
    func selection(model: String?, answers: String) async throws {
        let response = try await ask(Self.listed, model)
        #expect(response.answer == "I am \(answers).")
        #expect(response.text.contains(#""model":"\#(answers)","#))
        let asked = try #require(try Self.listed.entry(listed: answers).model as? ScriptedModel)
        #expect(await asked.prompts.last?.instructions == [Message(role: .system, content: "You are \(answers).")])
    }

    @Test("the first of the list is the default if the configured model is not in it")
    func firstIsDefault() async throws {
        let catalog = ModelCatalog(default: Self.entry("other"), list: [Self.fast, Self.entry("deeper")])
        #expect(try await ask(catalog, nil).answer == "I am fast.")
        expectError(try await ask(catalog, "other"), 404, "model_not_found", param: "model")
    }

    @Test("a model that is not in the list is not found", arguments: ["nanobot", "FAST", "deep", "fast "])
    func unknown(model: String) async throws {
        expectError(try await ask(Self.listed, model), 404, "model_not_found", param: "model")
    }

    @Test("without a list any name is echoed, and the one model answers")
    func echo() async throws {
        for (model, shown) in [(nil, "solo"), ("gpt-4o", "gpt-4o")] {
            let response = try await ask(ModelCatalog(default: Self.entry("solo")), model)
            #expect(response.answer == "I am solo.")
            #expect(response.text.contains(#""model":"\#(shown)","#))
        }
    }

    @Test("the models are listed in order, and each by its id")
    func list() async throws {
        func ids(_ response: Response) -> [String] { response.text.matches(of: /"id":"([^"]*)"/).map { String($0.1) } }
        let api = try API(models: Self.listed)
        #expect(ids(await api.send("GET", "/v1/models")) == ["fast", "deep/er"])
        #expect(ids(await api.send("GET", "/v1/models/deep/er")) == ["deep/er"])
        for id in ["nanobot", "deep"] {
            expectError(await api.send("GET", "/v1/models/\(id)"), 404, "model_not_found", param: "model")
        }
        let single = try API()
        #expect(ids(await single.send("GET", "/v1/models")) == ["nanobot"])
        #expect(ids(await single.send("GET", "/v1/models/nanobot")) == ["nanobot"])
        expectError(await single.send("GET", "/v1/models/gpt-4o"), 404, "model_not_found", param: "model")
    }
}
