import Foundation
import Harness
import Testing

@Suite("Exactly once through a web server", .sharedServers)
struct ExactlyOnceTests {
    @Test(
        "a retry gets the first answer, byte for byte, and a header says so", arguments: Server.Kind.allCases,
        ["Idempotency-Key", "x-message-id"])
    func replay(kind: Server.Kind, header: String) async throws {
        let server = try Server.shared(kind)
        let session = "replay \(header)"
        let first = try await server.chat("What time is it?", session: session, headers: ["\(header): k"])
        #expect(first.status == 200)
        #expect(first.headers["idempotency-replayed"] == nil)
        _ = try await server.chat("Another", session: session, headers: ["\(header): other"])
        let second = try await server.chat("What time is it?", session: session, headers: ["\(header): k"])
        #expect(second.status == 200)
        #expect(second.body == first.body)
        #expect(second.json["id"] != nil && second.json["created"] != nil)
        #expect(second.headers["idempotency-replayed"] == "true")
        #expect(try server.session("replay%20\(header)")["turns"]?.elements.count == 2)

        expectError(
            try await server.chat("What day is it?", session: session, headers: ["\(header): k"]), 409, "idempotency_key_conflict")
        let other = try await server.chat("What time is it?", session: session + " elsewhere", headers: ["\(header): k"])
        #expect(other.status == 200)
        #expect(other.headers["idempotency-replayed"] == nil)
    }

    @Test("an empty idempotency key counts as none", arguments: Server.Kind.allCases, ["Idempotency-Key", "x-message-id"])
    func empty(kind: Server.Kind, header: String) async throws {
        let server = try Server.shared(kind)
        for _ in 0..<2 {
            let response = try await server.chat("Hello", session: "empty-\(header)", headers: ["\(header);"])
            #expect(response.status == 200)
            #expect(response.headers["idempotency-replayed"] == nil)
        }
        #expect(try server.session("empty-\(header)")["turns"]?.elements.count == 2)
    }

    @Test(
        "an idempotency key that is too long or not UTF-8 is refused", arguments: Server.Kind.allCases, ["idempotency-key", "x-message-id"])
    func invalid(kind: Server.Kind, header: String) async throws {
        let server = try Server.shared(kind)
        for key in [Array(repeating: UInt8(ascii: "k"), count: 256), [0x61, 0xff], [0xe4, 0xbd]] {
            let headers = Array("x-session-key: invalid\r\n\(header): ".utf8) + key
            expectError(try await RawClient.chat(headers: headers, port: server.port), 400, "invalid_value", param: header)
        }
        expectError(try await server.send("GET", "/v1/session", headers: ["x-session-key: invalid"]), 404, "session_not_found")
    }

    @Test("the retry header of the OpenAI clients finds the last turn", arguments: Server.Kind.allCases)
    func retryCount(kind: Server.Kind) async throws {
        let server = try Server.shared(kind)
        let first = try await server.chat("Hello", session: "count", headers: ["x-stainless-retry-count: 0"])
        let second = try await server.chat("Hello", session: "count", headers: ["x-stainless-retry-count: 1"])
        #expect(second.body == first.body)
        #expect(second.headers["idempotency-replayed"] == "true")
        let other = try await server.chat("Good bye", session: "count", headers: ["x-stainless-retry-count: 1"])
        #expect(other.headers["idempotency-replayed"] == nil)
        #expect(try server.session("count")["turns"]?.elements.count == 2)
    }

    @Test("many tries at once make one turn, behind two servers on one data directory and after both restart")
    func manyTries() async throws {
        let home = try TemporaryDirectory()
        func send(_ server: Server) async throws -> HTTPResponse {
            try await server.chat("Hello", session: "many", headers: ["Idempotency-Key: k"])
        }
        var bodies: Set<[UInt8]> = []
        var replays = 0
        for round in 0..<2 {
            try await Server.run(.nginx, home: home) { nginx in
                try await Server.run(.lighttpd, home: home) { lighttpd in
                    try await withThrowingTaskGroup(of: HTTPResponse.self) { group in
                        for number in 0..<20 { group.addTask { try await send(number.isMultiple(of: 2) ? nginx : lighttpd) } }
                        for try await response in group {
                            #expect(response.status == 200)
                            bodies.insert(response.body)
                            replays += response.headers["idempotency-replayed"] == "true" ? 1 : 0
                        }
                    }
                    #expect(try nginx.session("many")["turns"]?.elements.count == 1)
                }
            }
            #expect(replays == (round + 1) * 20 - 1)
        }
        #expect(bodies.count == 1)
    }
}
