import Testing

@Suite("Chat completions through a web server")
struct ChatCompletionTests {
    @Test("the eight calls of the README have their answers", arguments: Server.Kind.allCases)
    func eightCalls(kind: Server.Kind) async throws {
        try await Server.run(kind) { server in
            try await expectEightCalls(server)
        }
    }
}
