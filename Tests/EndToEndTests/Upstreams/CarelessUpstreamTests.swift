import Foundation
import Harness
import TestSupport
import Testing

@Suite("Upstreams that are careless, or refuse a request")
struct CarelessUpstreamTests {
    private func answer(_ message: String, finish: String = "stop") -> ScriptedUpstream.Response {
        .init(body: #"{"choices":[{"index":0,"message":\#(message),"finish_reason":"\#(finish)"}]}"#)
    }

    private func event(_ delta: String, finish: String = "null") -> String {
        #"data: {"choices":[{"index":0,"delta":\#(delta),"finish_reason":\#(finish)}]}"# + "\n\n"
    }

    private func ask(_ server: Server, messages: String, streams: Bool = false) async throws -> HTTPResponse {
        try await server.post(#"{"model":"m","stream":\#(streams),"messages":[\#(messages)]}"#.utf8, session: "a")
    }

    private static let hello = #"{"role":"user","content":"Hello"}"#

    /// The chunks of a stream that ended as it should.
    private func chunks(_ response: HTTPResponse) throws -> [JSON] {
        let events = String(decoding: response.body, as: UTF8.self).components(separatedBy: "\n\n")
        try #require(events.suffix(2) == ["data: [DONE]", ""], "\(events)")
        return try events.dropLast(2).map { try JSON(Array($0.dropFirst("data: ".count).utf8)) }
    }

    @Test("what an upstream says beside the known members is given to the client, stored, and sent back", arguments: [true, false])
    func extras(streams: Bool) async throws {
        let call = #"{"id":"c","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"SIG"}}}"#
        let message = #"{"content":null,"reasoning_content":"Hm.","tool_calls":[\#(call)]}"#
        let first: ScriptedUpstream.Response =
            streams
            ? .init(body: event(message) + event("{}", finish: #""tool_calls""#) + "data: [DONE]\n\n")
            : answer(message, finish: "tool_calls")
        let upstream = try ScriptedUpstream([first, answer(#"{"content":"Done."}"#)])
        try await Server.run(.nginx, environment: upstream.environment) { server in
            let called = try await ask(server, messages: Self.hello, streams: streams)
            let signature: JSON = .object(["google": .object(["thought_signature": .string("SIG")])])
            if streams {
                let deltas = try chunks(called).map { $0["choices"][0]["delta"] }
                #expect(deltas.contains { $0["reasoning_content"] == .string("Hm.") })
                #expect(deltas.contains { $0["tool_calls"][0]["extra_content"] == signature })
            } else {
                #expect(called.json["choices"][0]["message"]["reasoning_content"] == .string("Hm."))
                #expect(called.json["choices"][0]["message"]["tool_calls"][0]["extra_content"] == signature)
            }
            #expect(try await ask(server, messages: #"{"role":"tool","tool_call_id":"c","content":"1"}"#).answer == "Done.")
            let sent = try upstream.requests[1]["messages"]
            #expect(sent[1]["reasoning_content"] == .string("Hm.") && sent[1]["tool_calls"][0]["extra_content"] == signature)
            #expect(sent[1]["upstream"] == nil)
            let file = String(decoding: try server.bytes(ofSession: "a"), as: UTF8.self)
            #expect(file.contains("SIG") && !file.contains("127.0.0.1"))
        }
    }

    @Test("arguments that were cut do not come back with every later turn")
    func cutArguments() async throws {
        let call = #"{"id":"c","function":{"name":"f","arguments":"{\"city\": \"Par"}}"#
        let upstream = try ScriptedUpstream([
            answer(#"{"content":null,"tool_calls":[\#(call)]}"#, finish: "length"), answer(#"{"content":"Hi."}"#),
        ])
        try await Server.run(.nginx, environment: upstream.environment) { server in
            let cut = try await ask(server, messages: Self.hello).json
            #expect(cut["choices"][0]["finish_reason"] == .string("length"))
            #expect(cut["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == .string(#"{"city": "Par"#))
            #expect(try await ask(server, messages: Self.hello).answer == "Hi.")
            let sent = try upstream.requests[1]["messages"]
            #expect(sent[1]["tool_calls"][0]["function"]["arguments"] == .string("{}"))
            #expect(sent[2]["role"] == .string("tool") && sent[2]["tool_call_id"] == .string("c"))
        }
    }

    @Test("a stream is whole although its events are not, and over although its connection stays open")
    func stream() async throws {
        let body =
            "\u{feff}: ping\n\ndata: : keepalive\n\n" + event(#"{"content":"world \ud83d"}"#) + "data:\n\n"
            + event(#"{"content":"\ude00 bye"}"#, finish: #""end_turn""#).dropLast() + "data: {\"error\":\"late\"}\n\ndata:  [DONE] \n\n"
        let upstream = try ScriptedUpstream([.init(body: body, staysOpen: true)])
        try await Server.run(.nginx, environment: upstream.environment) { server in
            let chunks = try chunks(try await ask(server, messages: Self.hello, streams: true))
            #expect(chunks.compactMap { $0["choices"][0]["delta"]["content"]?.text }.joined() == "world 😀 bye")
            #expect(chunks.last?["choices"][0]["finish_reason"] == .string("stop"))
            #expect(try server.session("a")["turns"]?.elements.count == 1)
            #expect(try await eventually { upstream.hangUps == 1 })
        }
    }

    private static let refusals: [(status: Int, body: String, expected: Int, code: String, message: String)] = [
        (
            422, #"{"detail":[{"loc":["body","top_p"],"msg":"Input should be less than 1"}]}"#, 422, "invalid_value",
            "top_p: Input should be less than 1"
        ),
        (400, #"{"error":{"message":"Not here","code":"unsupported_parameter"}}"#, 400, "unsupported_parameter", "Not here"),
        (402, #"{"code":"NO_MONEY","msg":"Pay first"}"#, 402, "NO_MONEY", "Pay first"),
        (451, #"{"errors":["Forbidden by law"]}"#, 451, "unavailable_for_legal_reasons", "Forbidden by law"),
        (
            400, #"{"error":{"code":400,"message":"the request exceeds the context size","type":"exceed_context_size_error"}}"#, 400,
            "context_length_exceeded", "the request exceeds the context size"
        ),
        (401, #"{"error":{"message":"Incorrect key","code":"invalid_api_key"}}"#, 502, "upstream_error", "The model failed to answer"),
    ]

    @Test("the client reads why an upstream refused, in its own words and with its code")
    func refusals() async throws {
        for (status, body, expected, code, message) in Self.refusals {
            let upstream = try ScriptedUpstream([.init(status: status, body: body)])
            try await Server.run(.nginx, environment: upstream.environment) { server in
                let response = try await ask(server, messages: Self.hello)
                #expect(response.status == expected)
                #expect(response.json["error"]["code"] == .string(code) && response.json["error"]["message"] == .string(message))
            }
        }
    }

    @Test("an upstream that refuses stream_options streams without them")
    func streamOptions() async throws {
        let stream = event(#"{"content":"Hi."}"#, finish: #""stop""#) + "data: [DONE]\n\n"
        let upstream = try ScriptedUpstream([
            .init(status: 400, body: #"{"error":{"message":"Unknown parameter: stream_options"}}"#), .init(body: stream),
        ])
        try await Server.run(.nginx, environment: upstream.environment) { server in
            for _ in 0..<2 {
                let chunks = try chunks(try await ask(server, messages: Self.hello, streams: true))
                #expect(chunks.compactMap { $0["choices"][0]["delta"]["content"]?.text } == ["", "Hi."])
            }
            #expect(try upstream.requests.map { $0["stream_options"] != nil } == [true, false, false])
        }
    }
}
