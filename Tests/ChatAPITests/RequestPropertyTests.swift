import Foundation
import CGI
import Models
import TestSupport
import Testing

@testable import ChatAPI
@testable import Sessions
import JSON
import BuiltinModel

/// Whatever a client sends, and whatever is in a session's file, gets a response (a 4xx status if the request makes no sense), and so does
/// the next request.
@Suite("Any request")
struct RequestPropertyTests {
    /// `#` stands for a number or a text.
    private static let bodies = [
        ##"{"messages":[{"role":"user","content":"#"}],"temperature":#,"max_tokens":#,"seed":#,"n":#,"top_logprobs":#}"##,
        ##"{"messages":[{"role":"user","content":"what is #-#?"}],"stop":#,"logit_bias":{"#":#},"metadata":{"#":"#"}}"##,
        ##"{"model":#,"stream":#,"stream_options":{"include_usage":#},"messages":[{"role":"user","content":#}]}"##,
        ##"{"messages":[{"role":#,"content":"#"},{"role":"user","content":[{"type":"text","text":"#"}]}],"tools":#,"tool_choice":#}"##,
        ##"{"messages":[{"role":"assistant","content":null,"tool_calls":#},{"role":"tool","tool_call_id":#,"content":"#"}]}"##,
        ##"{"messages":#,"#":#}"##, ##"{"to":#}"##, ##"{"to":"#"}"##, "#",
    ]
    private static let paths = [
        "/v1/chat/completions", "/v1/session?limit=#", "/v1/session?before=#&limit=#", "/v1/session/export?format=#", "/v1/session/fork",
        "/v1/session/undo", "/v1/models/#", "/v1/doctor/#/wait/#", "/#", "/v1/sessions?limit=#", "/health",
    ]
    private static let methods = ["POST", "GET", "DELETE", "HEAD", "PUT", "#"]
    private static let headers = ["Idempotency-Key", "X-Message-Id", "X-Stainless-Retry-Count", "X-Session-Mode", "X-Request-Id"]

    /// Numbers, texts, and nesting up to the limit and beyond.
    private static let values: [String] =
        LimitNumbers.json + LimitNumbers.texts.map { "\"\($0)\"" } + ["null", "true", "{}", "[]", "\"\\u0000\"", "\"\\ud800\""]
        + [500, 600, 100_000].flatMap { depth in
            [String(repeating: "[", count: depth) + String(repeating: "]", count: depth), String(repeating: "{\"a\":", count: depth)]
        }

    private func filled(_ template: String, using generator: inout SplitMix64) -> String {
        template.split(separator: "#", omittingEmptySubsequences: false).enumerated().reduce(into: "") { text, part in
            if part.offset > 0 {
                let isInString = text.hasSuffix("\"") || text.contains("\"what") && text.last != ":"
                let value = isInString ? LimitNumbers.texts.randomElement(using: &generator) : Self.values.randomElement(using: &generator)
                text += value ?? ""
            }
            text += part.element
        }
    }

    @Test("any request gets a response, and so does the next one", arguments: TestLength.seeds(60))
    func anything(seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let api = try API(BuiltinModel(), configure: { $0.streams = Bool.random(using: &generator) })
        for _ in 0..<20 {
            let path = (Self.paths.randomElement(using: &generator) ?? "").split(separator: "#", omittingEmptySubsequences: false)
                .joined(separator: LimitNumbers.texts.randomElement(using: &generator) ?? "")
            let body = filled(Self.bodies.randomElement(using: &generator) ?? "", using: &generator)
            let header = Self.headers.randomElement(using: &generator) ?? ""
            let response = await api.send(
                Self.methods.randomElement(using: &generator) ?? "", path.isEmpty ? "/" : path,
                headers: [header: LimitNumbers.texts.randomElement(using: &generator) ?? ""], body: body)
            #expect(200..<500 ~= response.status, "\(path) \(body)")
            if case .stream(let chunks) = response.body { for await _ in chunks {} }
            let next = await api.chat("1+1", session: "b")
            #expect(next.answer == "1+1 = 2")
        }
    }

    @Test("meta-variables with any number are read", arguments: LimitNumbers.texts)
    func metaVariables(number: String) {
        for name in ["CONTENT_LENGTH", "QUERY_STRING", "PATH_INFO", "SCRIPT_NAME", "REQUEST_URI", "HTTP_CONTENT_LENGTH"] {
            let request = Request(metaVariables: [(name, number), (name, "%\(number)=%")], body: .complete([1, 2]))
            _ = (request.path(below: nil), request.query(number), request.header("content-length"), request.header(number))
        }
    }
}
