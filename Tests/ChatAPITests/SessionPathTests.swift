import TestSupport
import Testing

@testable import Sessions

@Suite("Paths that name the session")
struct SessionPathTests {
    @Test("every endpoint of a session takes the key from the path, with and without v1, below a mount point")
    func endpoints() async throws {
        let api = try API(namesSessionInPath: true)
        let chat = API.body("Hello")
        for (mount, prefix) in [("", "/s/wx:1/v1"), ("/chat", "/s/wx:1")] {
            #expect(await api.send("POST", prefix + "/chat/completions", mount: mount, session: nil, body: chat).status == 200)
            #expect(await api.send("GET", prefix + "/session", mount: mount, session: nil).text.contains(#""key":"wx:1""#))
            #expect(await api.send("HEAD", prefix + "/session/", mount: mount, session: nil).status == 200)
            #expect(await api.send("GET", prefix + "/session/export?format=markdown", mount: mount, session: nil).status == 200)
            let fork = await api.send("POST", prefix + "/session/fork", mount: mount, session: nil, body: #"{"to":"b\#(mount)"}"#)
            #expect(fork.status == 200)
            #expect(await api.send("POST", prefix + "/session/undo", mount: mount, session: nil).status == 200)
            #expect(await api.send("GET", prefix + "/models", mount: mount, session: nil).status == 200)
            #expect(
                await api.send("OPTIONS", prefix + "/session", mount: mount, session: nil).header("allow") == "GET, HEAD, DELETE, OPTIONS")
            expectError(await api.send("PUT", prefix + "/session", mount: mount, session: nil), 405, "method_not_allowed")
            expectError(await api.send("GET", prefix + "/nothing", mount: mount, session: nil), 404, "not_found")
            #expect(await api.send("POST", prefix + "/embeddings", mount: mount, session: nil).text.contains("no embeddings here"))
        }
        #expect(await api.send("DELETE", "/s/wx:1/session", mount: "", session: nil).status == 200)
        #expect(try api.directory.files == ["b%2Fchat.json", "b.json"])
    }

    @Test("a header that names another session is refused; an empty one, or the same, is not")
    func both() async throws {
        let api = try API(namesSessionInPath: true)
        let path = "/s/a/v1/chat/completions"
        for session in [nil, "", "a"] {
            #expect(await api.send("POST", path, mount: "", session: session, body: API.body("Hello")).status == 200)
        }
        expectError(await api.send("POST", path, mount: "", session: "b", body: API.body("Hello")), 400, "invalid_session_key")
        #expect(try await api.sessions.summary(of: SessionKey("a")).turnCount == 3)
        #expect(try api.directory.files == ["a.json"])
    }

    @Test("a key that is none is refused", arguments: ["%ff", "%zz", "%", "%0A", "%20a", String(repeating: "k", count: 513), ""])
    func invalid(key: String) async throws {
        let api = try API(namesSessionInPath: true)
        expectError(await api.send("GET", "/", session: nil, uri: "/s/\(key)/v1/session"), 400, "invalid_session_key")
    }

    @Test("without the setting there is nothing at such a path")
    func off() async throws {
        expectError(await (try API()).send("GET", "/s/a/v1/models", mount: ""), 404, "not_found")
    }

    @Test(
        "a path that other servers have says what there is instead",
        arguments: [
            ("/v1/embeddings", "no embeddings"), ("/embeddings/", "no embeddings"), ("/v1/completions", "/v1/chat/completions"),
            ("/v1/messages", "Anthropic"), ("/v1/messages/count_tokens", "Anthropic"),
            ("/v1/audio/speech", "no speech"), ("/v1/images/generations", "No pictures"), ("/v1/moderations", "no moderations"),
            ("/v1/files", "no files"), ("/v1/batches/b", "no batches"), ("/v1/assistants", "no assistants"),
            ("/v1/threads/t/runs", "no threads"), ("/api/chat", "Ollama"), ("/api/generate", "Ollama"), ("/api/tags", "GET /v1/models"),
        ])
    func missing(path: String, sentence: String) async throws {
        let api = try API()
        for (method, mount) in [("GET", ""), ("POST", "/chat"), ("POST", nil)] {
            let response = await api.send(method, path, mount: mount)
            expectError(response, 404, "not_found")
            #expect(response.text.contains(sentence), "\(response.text)")
        }
    }
}
