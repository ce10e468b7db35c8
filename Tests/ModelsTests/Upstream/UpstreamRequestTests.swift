import Chat
import Concurrency
import FoundationEssentials
import HTTPClient
import JSON
import TestSupport
import Testing

@testable import Models

@Suite("Requests to an upstream")
struct UpstreamRequestTests {
    /// The requests that a server with the models "first" and "second" gets for a prompt.
    private func requests(
        of prompt: Prompt, key: String? = nil, model: String?, streams: Bool = false, takesUnknown: Bool = false
    ) async throws -> [PeerConnection.Request] {
        let log = Log<PeerConnection.Request>()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for _ in 0..<(model == nil ? 2 : 1) {
                let request = try connection.request()
                log.append(request)
                try connection.respond(
                    request.line.hasPrefix("GET") ? #"{"object":"list","data":[{"id":"first"},{"id":"second"}]}"# : Fixture.completion)
            }
        }
        let upstream = try UpstreamModel.make(peer.url, key: key, model: model, takesUnknown: takesUnknown)
        let ignore: @Sendable (Delta) -> Void = { _ in }
        _ = try await upstream.complete(prompt, onDelta: streams ? ignore : nil)
        try await peer.finish()
        return log.entries
    }

    @Test("a request has the model, the messages and the parameters unchanged, and the key")
    func request() async throws {
        let prompt = Prompt(
            instructions: [Message(role: .developer, content: "Be brief.")],
            history: [PastTurn([Message(role: .user, content: "One"), Message(role: .assistant, content: "Two")])],
            turn: [Message(role: .user, content: "Three")],
            parameters: [("temperature", .text(Array("0.70".utf8))), ("tools", .text(Array("[ ]".utf8)))])
        let request = try #require(try await requests(of: prompt, key: "secret", model: "m").first)
        #expect(request.line == "POST /v1/chat/completions HTTP/1.1")
        #expect(request.headers["authorization"] == "Bearer secret")
        #expect(request.headers["content-type"] == "application/json")
        #expect(request.headers["expect"] == nil)
        #expect(
            request.body
                == #"{"model":"m","messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"One"},"#
                + #"{"role":"assistant","content":"Two"},{"role":"user","content":"Three"}],"temperature":0.70,"tools":[ ]}"#)
    }

    @Test("a request without a key has no Authorization, and with deltas asks for a stream with usage")
    func stream() async throws {
        let request = try #require(try await requests(of: .make(message: "Hi"), model: "m", streams: true).first)
        #expect(request.headers["authorization"] == nil)
        #expect(request.body.hasSuffix(#","stream":true,"stream_options":{"include_usage":true}}"#))
    }

    @Test("a client that wants no usage of a stream gets none")
    func noUsage() async throws {
        var prompt = Prompt.make(message: "Hi")
        prompt.includesUsage = false
        let request = try #require(try await requests(of: prompt, model: "m", streams: true).first)
        #expect(request.body.hasSuffix(#","stream":true}"#))
    }

    @Test(
        "parameters that OpenAI's API does not have are sent if the upstream wants them, and replace no others", arguments: [true, false])
    func unknownParameters(takesUnknown: Bool) async throws {
        var prompt = Prompt.make(message: "Hi")
        prompt.parameters = [("temperature", 1)]
        prompt.otherParameters = [("top_k", 5), ("temperature", 2), ("model", "x"), ("stream", true), ("stream_options", [:])]
        let request = try #require(try await requests(of: prompt, model: "m", takesUnknown: takesUnknown).first)
        #expect(
            request.body
                == #"{"model":"m","messages":[{"role":"user","content":"Hi"}],"temperature":1\#(takesUnknown ? #","top_k":5"# : "")}"#)
    }

    @Test("extras of an answer go back to its upstream with the next turn, and to no other")
    func extras() async throws {
        let bodies = Log<String>()
        func peer(_ statuses: [Int]) throws -> Peer {
            try Peer { peer in
                let connection = try peer.accept()
                for status in statuses {
                    bodies.append(try connection.request().body)
                    let answer =
                        #"{"choices":[{"message":{"content":null,"reasoning_content":"Hm.","tool_calls":[{"id":"a","function":{"name":"f","#
                        + #""arguments":"{}"},"extra_content":{"google":"SIG"}}]},"finish_reason":"tool_calls"}]}"#
                    try connection.respond(status == 200 ? answer : "{}", status: status)
                }
            }
        }
        let (first, second) = (try peer([200, 401]), try peer([200]))
        let model = try UpstreamModel.make(first.url, second.url)
        let completion = try await model.answer()
        #expect(completion.upstream?.utf8.count == 16)
        let history = [PastTurn([Self.user, completion.message])]
        _ = try await model.complete(Prompt(history: history, turn: [Self.result("a")]))
        for peer in [first, second] { try await peer.finish() }
        let own =
            #"{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"},"#
            + #""extra_content":{"google":"SIG"}}],"reasoning_content":"Hm."}"#
        #expect(bodies.entries.map { $0.contains(own) } == [false, true, false])
        #expect(!bodies.entries[2].contains("SIG") && bodies.entries[2].contains(#""tool_calls":[{"id":"a""#))
        #expect(bodies.entries.allSatisfy { !$0.contains(first.url) })
    }

    @Test("without a configured model, the first of the upstream's list is asked for")
    func firstModel() async throws {
        let requests = try await requests(of: .make(message: "Hi"), key: "secret", model: nil)
        #expect(requests.map(\.line) == ["GET /v1/models HTTP/1.1", "POST /v1/chat/completions HTTP/1.1"])
        #expect(requests.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
        #expect(requests.last?.body.hasPrefix(#"{"model":"first","#) == true)
    }

    @Test("the list of models is requested until that has succeeded once")
    func listOnce() async throws {
        let lines = Log<String>()
        let peer = try Peer { peer in
            let connection = try peer.accept()
            for body in ["<html>", #"{"data":[{"id":"first"}]}"#, Fixture.completion, Fixture.completion] {
                lines.append(String(try connection.request().line.prefix(4)))
                try connection.respond(body)
            }
        }
        let model = try UpstreamModel.make(peer.url, model: nil)
        #expect(try await model.failure().code == .failed)
        for _ in 0..<2 { #expect(try await model.answer().content == "Hello.") }
        try await peer.finish()
        #expect(lines.entries == ["GET ", "GET ", "POST", "POST"])
    }

    private static let call = Message.ToolCall(id: "a", name: "f", arguments: "{}")
    private static let other = Message.ToolCall(id: "b", name: "f", arguments: "{}")
    private static let user = Message(role: .user, content: "Hi")
    private static func assistant(_ content: String, _ calls: [Message.ToolCall] = []) -> Message {
        Message(role: .assistant, content: content, toolCalls: calls)
    }
    private static func result(_ id: String, _ content: String = "1") -> Message {
        Message(role: .tool, content: content, toolCallID: id)
    }
    private static func missing(_ id: String) -> Message { result(id, "There is no result.") }

    @Test(
        "a request has no tool call without a result and no result without its call",
        arguments: [
            ([user, assistant("", [call]), result("a")], [user, assistant("", [call]), result("a")]),
            ([user, assistant("", [call]), user], [user, assistant("", [call]), missing("a"), user]),
            (
                [user, assistant("", [call, other]), result("b"), user],
                [user, assistant("", [call, other]), result("b"), missing("a"), user]
            ),
            ([result("a"), user], [user]),
            ([user, assistant("", [call]), result("a"), result("x"), user], [user, assistant("", [call]), result("a"), user]),
            ([user, assistant("", [call]), user, result("a")], [user, assistant("", [call]), result("a"), user]),
            ([user, assistant("Hello.")], [user, assistant("Hello.")]),
        ])
    func unansweredCalls(messages: [Message], sent: [Message]) {
        #expect(Prompt(turn: messages).sent() == sent)
    }

    @Test("the user and password of an upstream's address are used but not shown")
    func address() throws {
        for (text, url, description) in [
            ("https://api.example.com/v1", "https://api.example.com/v1/models", "https://api.example.com/v1"),
            ("http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1/models", "http://127.0.0.1:11434/v1"),
            ("https://me:pa@ss@example.com:8443", "https://me:pa@ss@example.com:8443/models", "https://example.com:8443"),
            ("HTTP://[::1]:80/v1", "http://[::1]:80/v1/models", "http://[::1]:80/v1"),
        ] {
            let address = try #require(UpstreamAddress(text))
            #expect(address.url("models") == url)
            #expect(address.description == description)
            #expect(address.socketPath == nil)
        }
        let local = try #require(UpstreamAddress("http://unix:/run/model.sock:/v1"))
        #expect(local.socketPath == "/run/model.sock")
        #expect(local.url("models") == "http://localhost/v1/models")
        for text in ["", "example.com", "ftp://example.com", "http://", "http://:80", "http://a b", "https://x/?a=1", "file:///etc/passwd"]
        {
            #expect(UpstreamAddress(text) == nil, "\(text)")
        }
    }
}
