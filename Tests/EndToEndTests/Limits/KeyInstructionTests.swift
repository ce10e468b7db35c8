import Foundation
import Harness
import Testing

@Suite("The instructions of a request with an API key")
struct KeyInstructionTests {
    @Test("over CGI a request among 5,000 keys takes as many as with the only one, but for a few")
    func many() async throws {
        let instructions = try await InstructionCount()
        let (one, many) = (try await cost(1, instructions), try await cost(5000, instructions))
        // Reading all keys takes a hundred times as many.
        #expect(many < one + one / 20, "\(one), \(many)")
    }

    /// The instructions of a request by the last of so many keys, in a file as the program writes it, which was used before.
    private func cost(_ count: Int, _ instructions: InstructionCount) async throws -> Int {
        let home = try TemporaryDirectory()
        try FileManager.default.createDirectory(atPath: home.path + "/.nanobot", withIntermediateDirectories: false)
        let lines = (1...count).map { number in
            let digest = String(repeating: "0", count: 64 - "\(number)".count) + "\(number)"
            return
                #"{"id":"key_\#(number)","name":"n\#(number)","kind":"secret","scopes":["*"],"routes":["chat"],"created":"2026-11-26T08:00:00Z","#
                // The digest of `nb-last`.
                + #""secrets":[{"sha256":"\#(number == count ? "LAST" : digest)"}]}"#
        }
        let sum = try await Program.run("sh", ["-c", "printf nb-last | sha256sum"])
        let text = "{\"format\":\"nanobot-keys\",\"version\":1,\"keys\":[\n" + lines.joined(separator: ",\n") + "\n]}\n"
        let path = home.path + "/.nanobot/keys.json"
        let digest = String(decoding: sum.standardOutput.prefix(64), as: UTF8.self)
        try Data(text.replacing("LAST", with: digest).utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o600, .modificationDate: Date().addingTimeInterval(-60)], ofItemAtPath: path)
        let variables = Nanobot.environment(home).merging(
            [
                "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": "GET", "SCRIPT_NAME": "",
                "PATH_INFO": "/v1/models", "HTTP_AUTHORIZATION": "Bearer nb-last", "SWIFT_DETERMINISTIC_HASHING": "1",
            ]) { $1 }
        let first = try await Program.run(Nanobot.path, [], environment: variables)
        #expect(try HTTPResponse(cgi: first.standardOutput).status == 200)
        let (cost, outcome) = try await instructions.run([], variables, input: [])
        #expect(try HTTPResponse(cgi: outcome.standardOutput).status == 200)
        return cost
    }
}
