import BuiltinModel
import CGI
import ChatAPI
import Concurrency
import FastCGI
import Foundation
import Glibc
import Harness
import Logging
import Models
import Server
import Sessions
import SystemPackage
import TestSupport
import Testing

/// The same requests over both transports, without a web server: meta-variables, and pipes or a socket.
@Suite("CGI and FastCGI")
struct TransportTests {
    enum Transport: String, CaseIterable { case cgi, fastCGI }

    struct Sent: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var method = "GET"
        var path = "/health"
        var metaVariables: [String: String] = [:]
        var body = ""
        /// What the response has: the first line of its head, and a text.
        var status = "Status: 200 OK"
        var text = ""
    }

    private static let question = #"{"stream":false,"messages":[{"role":"user","content":"1+1"}]}"#
    private static let streamed = #"{"stream":true,"messages":[{"role":"user","content":"1+1"}]}"#
    private static let chat = "/v1/chat/completions"
    private static let key = ["HTTP_X_SESSION_KEY": "a"]

    private static let sent = [
        Sent(testDescription: "health", text: #"{"status":"ok"}"#),
        Sent(testDescription: "HEAD", method: "HEAD", text: "Content-Length: 15"),
        Sent(testDescription: "an unknown path", path: "/nothing", status: "Status: 404 Not Found", text: "not_found"),
        Sent(testDescription: "another method", method: "PUT", status: "Status: 405 Method Not Allowed", text: "Allow: GET, HEAD, OPTIONS"),
        Sent(testDescription: "a client's request id", metaVariables: ["HTTP_X_REQUEST_ID": "abc"], text: "x-request-id: abc"),
        Sent(testDescription: "a turn", method: "POST", path: chat, metaVariables: key, body: question, text: "1+1 = 2"),
        Sent(testDescription: "a streamed turn", method: "POST", path: chat, metaVariables: key, body: streamed, text: "data: [DONE]"),
        Sent(
            testDescription: "no session key", method: "POST", path: chat, body: question, status: "Status: 400 Bad Request",
            text: "missing_session_key"),
        Sent(
            testDescription: "a body that is too large", method: "POST", path: chat, metaVariables: key,
            body: String(repeating: "x", count: 2000), status: "Status: 413 Content Too Large", text: "request_too_large"),
        Sent(
            testDescription: "a body that breaks off", method: "POST", path: chat,
            metaVariables: key.merging(["CONTENT_LENGTH": "1000"]) { $1 }, body: question, status: "Status: 400 Bad Request",
            text: "invalid_json"),
    ]

    @Test("a request is answered alike over both", arguments: Transport.allCases, sent)
    func alike(transport: Transport, sent: Sent) async throws {
        let directory = try TemporaryDirectory()
        let service = try Self.service(directory)
        var options = ServerOptions()
        options.bodyLimit = 1000
        let server = service.server(guarding: nil, sessionNames: .hash, options: options, logger: .test())
        var variables = [("REQUEST_METHOD", sent.method), ("SCRIPT_NAME", "/chat"), ("PATH_INFO", sent.path)]
        if sent.metaVariables["CONTENT_LENGTH"] == nil { variables.append(("CONTENT_LENGTH", "\(sent.body.utf8.count)")) }
        variables += sent.metaVariables.map { ($0.key, $0.value) }
        let received: [UInt8]
        switch transport {
        case .cgi:
            received = try await Self.overCGI(variables, sent.body) { transport in
                await server.serve(transport.readRequest(bodyLimit: server.options.bodyLimit), to: transport)
            }
        case .fastCGI:
            received = try await Self.overFastCGI(variables, sent.body, directory) { await server.serve($0) }
        }
        let text = String(decoding: received, as: UTF8.self)
        #expect(text.hasPrefix(sent.status + "\r\n") && text.contains(sent.text), "\(text)")
        #expect(text.contains("x-request-id: "))
        if sent.method == "HEAD" { #expect(text.hasSuffix("\r\n\r\n")) }
    }

    private static func service(_ directory: TemporaryDirectory) throws -> ChatService {
        var settings = ChatService.Settings()
        settings.streams = true
        return ChatService(
            settings: settings, sessions: try SessionStore(directory: FilePath(directory.file("data")), logger: .test()),
            models: ModelCatalog(default: ModelCatalog.Entry(id: "nanobot", model: BuiltinModel())), logger: .test())
    }

    private static func overCGI(
        _ variables: [(String, String)], _ body: String, serve: @escaping @Sendable (CGITransport) async -> Void
    ) async throws -> [UInt8] {
        func pipe() throws -> [CInt] {
            var ends: [CInt] = [-1, -1]
            try #require(Glibc.pipe(&ends) == 0)
            return ends
        }
        let (input, output) = (try pipe(), try pipe())
        // The pipe holds all of it.
        #expect(write(input[1], Array(body.utf8), body.utf8.count) == body.utf8.count)
        close(input[1])
        let environment = variables.map { (name: $0.0, value: $0.1) }
        let transport = CGITransport(environment: environment, input: input[0], output: output[1])
        let serving = Task(executorPreference: try WorkerPool(threads: 2)) {
            await serve(transport)
            close(output[1])
        }
        let received = try await onOwnThread {
            var (bytes, buffer) = ([UInt8](), [UInt8](repeating: 0, count: 65_536))
            while case let count = read(output[0], &buffer, buffer.count), count > 0 { bytes += buffer[..<count] }
            return bytes
        }
        await serving.value
        for end in [input[0], output[0]] { close(end) }
        return received
    }

    private static func overFastCGI(
        _ variables: [(String, String)], _ body: String, _ directory: TemporaryDirectory,
        serve: @escaping @Sendable (consuming Exchange) async -> Void
    ) async throws -> [UInt8] {
        let path = directory.file("socket")
        let listener = try Listener(
            socket: ListeningSocket(unixPath: path), workers: WorkerPool(threads: 2), logger: .test(),
            longHeadResponse: { [] }, handler: serve)
        try listener.start()
        let received = try await onOwnThread {
            let client = try FastCGIClient(path: path)
            // Without the end of the body, if it is shorter than it says.
            let isWhole = variables.contains { $0.0 == "CONTENT_LENGTH" && $0.1 == "\(body.utf8.count)" }
            try client.send(.head(variables) + (isWhole ? .body(Array(body.utf8)) : Record.stream(Record.Kind.stdin, Array(body.utf8))))
            if !isWhole { client.endSending() }
            return try client.reply().stdout
        }
        #expect(try await onOwnThread { listener.stop(patience: .seconds(120)) } == 0)
        return received
    }
}
