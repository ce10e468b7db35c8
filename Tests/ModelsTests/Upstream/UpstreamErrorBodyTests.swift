import TestSupport
import Testing

@testable import Models

@Suite("An upstream's error body")
struct UpstreamErrorBodyTests {
    private static let cases: [(String, UpstreamErrorBody?)] = [
        (#"{"error":{"message":"m","type":"t","param":"p","code":"c"}}"#, .make("m", param: "p")),
        (#"{"error":{"message":"m","type":"t","param":null,"code":400}}"#, .make("m", status: 400)),
        (#"{"error":{"code":1,"message":"m"}}"#, .make("m")),
        (#"{"error":"m"}"#, .make("m")),
        (#"{"object":"error","message":"m","code":404}"#, .make("m", status: 404)),
        (#"{"detail":"m"}"#, .make("m")),
        (#"[{"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}}]"#, .make("m", status: 400)),
        (#"[[{"error":"m"}]]"#, nil), (String(repeating: "[", count: 512) + String(repeating: "]", count: 512), nil),
        (#"{"error":{"message":"m","code":9223372036854775808}}"#, .make("m")), (#"{"error":{"message":"m","code":1e400}}"#, .make("m")),
        (#"{"ok":true}"#, nil), ("<html><h1>Bad Request</h1></html>", nil), ("", nil), ("[]", nil),
    ]

    @Test("an error body is read in every common form", arguments: cases)
    func shapes(body: String, errorBody: UpstreamErrorBody?) {
        #expect(UpstreamErrorBody(Array(body.utf8)) == errorBody)
    }
}
