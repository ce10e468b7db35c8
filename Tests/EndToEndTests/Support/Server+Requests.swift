import Foundation
import Harness

extension Server {
    static let chatPath = "/v1/chat/completions"

    struct CurlFailed: Error {
        var status: Int
        var message: String
    }

    /// Sends a request with curl. Headers are written as curl's -H takes them: `name: value`, or `name;` for an empty one.
    func send(
        _ method: String = "GET", _ path: String, headers: [String] = [], body: (some Sequence<UInt8>)? = [UInt8]?.none
    ) async throws -> HTTPResponse {
        var arguments = ["-sS", "-i", "--path-as-is", "--max-time", "120", "-H", "Content-Type: application/json"]
        arguments += method == "HEAD" ? ["--head"] : ["-X", method]
        arguments += headers.flatMap { ["-H", $0] }
        let scratch = try TemporaryDirectory()
        if let body { arguments += ["--data-binary", "@" + (try scratch.file("body", body))] }
        let outcome = try await Program.run("curl", arguments + ["http://127.0.0.1:\(port)\(mount)\(path)"])
        guard outcome.status == 0 else { throw CurlFailed(status: outcome.status, message: outcome.standardError) }
        return try HTTPResponse(outcome.standardOutput)
    }

    /// Posts a body to the chat API.
    func post(_ body: some Sequence<UInt8>, session: String?) async throws -> HTTPResponse {
        try await send("POST", Self.chatPath, headers: session.map { ["x-session-key: \($0)"] } ?? [], body: body)
    }

    /// One turn of a session.
    func chat(_ text: String, session: String, headers: [String] = []) async throws -> HTTPResponse {
        try await send("POST", Self.chatPath, headers: ["x-session-key: \(session)"] + headers, body: Self.body(text))
    }

    /// A body with one user message. The text is taken as it stands in JSON.
    static func body(_ text: String) -> [UInt8] {
        Array(#"{"model":"nanobot","messages":[{"role":"user","content":"\#(text)"}]}"#.utf8)
    }
}
