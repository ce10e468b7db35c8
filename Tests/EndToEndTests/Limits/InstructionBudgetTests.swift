import Foundation
import Harness
import TestSupport
import Testing

@Suite("A budget of instructions")
struct InstructionBudgetTests {
    /// Instructions for each KB of an input, beside those that a small input of the same kind takes: three to five times the most that was
    /// measured (in thousands: 1,500 for a request of members that are not known, 420 for a path of dots, 930 for tool calls in a stream
    /// of an upstream, 390 for turns that the model sees, 1,540 for turns that are imported, 3,700 for upstreams in settings). Work that is
    /// quadratic in an input, or in the length of the session, takes many times as much.
    private static func budget(_ kind: InputKind) -> Int {
        switch kind {
        case .request, .importedFile: 5_000_000
        case .metaVariable, .sessionFile: 2_000_000
        case .reply, .response: 3_500_000
        case .settings: 12_000_000
        }
    }

    @Test("any input costs at most so much for each KB, is answered, and so is the next request", arguments: InputKind.allCases)
    func budget(kind: InputKind) async throws {
        let instructions = try await InstructionCount()
        var random = RandomInput(seed: 0)
        let small = try await cost(of: Array(kind.small.utf8), kind, &random, instructions, "the small input")
        for seed in TestLength.seeds(kind.shapes.count + 2, longer: 10) {
            random = RandomInput(seed: seed)
            let shape = random.inTurn(kind.shapes)
            var input = random.filled(shape)
            // First each shape as it is.
            if !shape.isFree, (seed &- 1) / UInt64(kind.shapes.count) % 2 == 1 { random.mutate(&input) }
            let name = "\(kind), NANOBOT_SEED=\(seed): \(shape.unit)"
            let cost = try await cost(of: input, kind, &random, instructions, name) - small
            let kilobytes = shape.isFree ? 1 : max(1, input.count / 1024)
            #expect(cost <= kilobytes * Self.budget(kind), "\(name): \(cost / kilobytes) for each of \(kilobytes) KB")
        }
    }

    /// Runs the program with an input and gives its instructions. Checks how it ended, and that the next request is answered.
    private func cost(
        of input: [UInt8], _ kind: InputKind, _ random: inout RandomInput, _ instructions: InstructionCount, _ name: String
    ) async throws -> Int {
        let directory = try DataDirectory()
        var environment = Nanobot.environment(directory.home)
        environment["NANOBOT_DATA_DIR"] = directory.home.file("data")
        environment["NANOBOT_DURABILITY"] = "relaxed"
        environment["NANOBOT_STREAM"] = "true"
        // A count is repeatable.
        environment["SWIFT_DETERMINISTIC_HASHING"] = "1"

        var (arguments, request, body) = ([String](), ["PATH_INFO": "/v1/chat/completions"], Array(InputKind.request.small.utf8))
        var statuses = 200..<500
        switch kind {
        case .request:
            body = input
            request["HTTP_X_SESSION_KEY"] = random.any(["a", "wx:dm:é", "../x", "微信", "m\u{301}\u{334}\u{301}", "🇩🇪"])
            request["PATH_INFO"] = random.any(["/v1/chat/completions", "/chat/completions/", "/bin/nanobot.cgi/v1/chat/completions/"])
        case .metaVariable:
            environment["NANOBOT_CORS_ORIGINS"] = "https://a.example"
            (request["REQUEST_METHOD"], request["PATH_INFO"]) = random.any([
                ("POST", "/v1/chat/completions"), ("POST", "/v1/chat/completions"), ("GET", "/v1/session"), ("GET", "/v1/session/export"),
                ("DELETE", "/v1/session"), ("GET", "/v1/models/x"),
            ])
            for line in String(decoding: input, as: UTF8.self).replacing("\0", with: "").split(separator: "\n") {
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                if !parts[0].isEmpty { request["\(parts[0])"] = "\(parts.last ?? "")" }
            }
        case .reply, .response:
            statuses = 200..<503
            if random.any([true, false]) { body.replaceSubrange(...0, with: #"{"stream":true,"#.utf8) }
            let upstream = try ScriptedUpstream([.init(body: input), .init(body: kind.small)])
            environment.merge(upstream.environment) { $1 }
            if kind == .response { environment["NANOBOT_UPSTREAM_API"] = "responses" }
            environment["NANOBOT_UPSTREAM_RETRIES"] = "0"
        case .sessionFile:
            // 500: it cannot be read.
            statuses = 200..<501
            try directory.home.file("data/sessions/a.json", input)
            environment["NANOBOT_HISTORY_MAX_TURNS"] = "\(InputKind.window)"
        case .importedFile: arguments = ["sessions", "import", try directory.home.file("import", input), "--key", "a"]
        case .settings:
            statuses = 200..<504
            // No setting can have another server asked.
            (request["REQUEST_METHOD"], request["PATH_INFO"]) = ("GET", "/health")
            request["NANOBOT_CONFIG"] = try directory.home.file("config.json", input)
        }

        let variables = arguments.isEmpty ? Self.cgi(body, request) : [:]
        let (count, outcome) = try await instructions.run(arguments, environment.merging(variables) { $1 }, input: body)
        if arguments.isEmpty {
            #expect(outcome.status == 0, "\(name): \(outcome.standardError)")
            let response = try HTTPResponse(cgi: outcome.standardOutput)
            #expect(statuses.contains(response.status), "\(name): \(String(decoding: response.body, as: UTF8.self))")
        } else {
            #expect(outcome.status <= 1, "\(name): \(outcome.standardError)")
        }
        let next = Self.cgi(Array(InputKind.request.small.utf8), ["PATH_INFO": "/v1/chat/completions", "HTTP_X_SESSION_KEY": "next"])
        let answer = try await InstructionCount.outcome(
            Nanobot.path, [], environment.merging(next) { $1 }, input: Array(InputKind.request.small.utf8))
        #expect(try HTTPResponse(cgi: answer.standardOutput).status == 200, "\(name): the next request")
        return count
    }

    /// A request's meta-variables; `given` may replace any of them.
    private static func cgi(_ body: [UInt8], _ given: [String: String]) -> [String: String] {
        [
            "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": "POST", "SCRIPT_NAME": "",
            "CONTENT_LENGTH": "\(body.count)", "CONTENT_TYPE": "application/json", "HTTP_X_SESSION_KEY": "a",
        ].merging(given) { $1 }
    }
}
