import Foundation
import TestSupport
import Testing

@testable import nanobot

@Suite("Answers in pieces from the program")
struct ServedStreamTests {
    @Test("with streaming on, the built-in model's answer comes word by word and is stored", arguments: Server.Kind.allCases)
    func builtin(kind: Server.Kind) async throws {
        try await Server.run(kind, environment: ["NANOBOT_STREAM": "true", "NANOBOT_HEARTBEAT_AFTER": "30"]) { server in
            for (streams, text) in [(true, "Hello"), (false, "Hello"), (true, "你是谁")] {
                let body = #"{"model":"m","stream":\#(streams),"messages":[{"role":"user","content":"\#(text)"}]}"#
                let response = try await server.post(body.utf8, session: "a")
                #expect(response.status == 200)
                guard streams else {
                    #expect(!response.answer.isEmpty)
                    continue
                }
                let events = String(decoding: response.body, as: UTF8.self).components(separatedBy: "\n\n")
                #expect(events.suffix(2) == ["data: [DONE]", ""])
                let chunks = try events.dropLast(2).map { try JSON(Array($0.dropFirst("data: ".count).utf8)) }
                #expect(chunks.count > 10)
                let answer = chunks.compactMap { $0["choices"][0]["delta"]["content"]?.text }.joined()
                let stored = try server.session("a")["turns"]?.elements.last
                #expect(stored["messages"][1]["content"] == .string(answer))
                #expect(Set(chunks.compactMap { $0["id"]?.text?.dropFirst(9) }) == [stored["id"]?.text?.dropFirst(5)])
            }
        }
    }

    @Test("the client has a token before the upstream sends the next one", arguments: Server.Kind.allCases)
    func order(kind: Server.Kind) async throws {
        let upstream = try HeldUpstream()
        try await Server.run(kind, environment: upstream.environment) { server in
            let client = try StreamClient(port: server.port, session: "a")
            #expect(try await client.gets(#""content":"one ""#))
            #expect(try !client.has(#""two""#))
            upstream.release()
            #expect(try await client.ends())
            #expect(client.text.contains(#""content":"two""#) && client.text.contains("data: [DONE]"))
        }
    }

    @Test(
        "the upstream's connection is closed when the client leaves, if onDisconnect says so",
        arguments: [true, false], ["cancel", "finish"])
    func leaves(streams: Bool, onDisconnect: String) async throws {
        let upstream = try HeldUpstream()
        let environment = upstream.environment.merging(["NANOBOT_ON_DISCONNECT": onDisconnect]) { $1 }
        try await Server.run(.nginx, environment: environment) { server in
            let client = try StreamClient(port: server.port, session: "a", streams: streams)
            #expect(try await eventually { upstream.asked == 1 })
            if streams { #expect(try await client.gets(#""content":"one ""#)) }
            client.close()
            let path = server.dataDirectory + "/sessions/a.json"
            if onDisconnect == "cancel" {
                #expect(try await eventually { upstream.hangUps == 1 })
                #expect(!FileManager.default.fileExists(atPath: path))
                return
            }
            upstream.release()
            if streams { #expect(try await eventually { FileManager.default.fileExists(atPath: path) }) }
            #expect(upstream.hangUps == 0)
        }
    }
}
