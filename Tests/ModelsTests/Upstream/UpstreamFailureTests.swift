import Concurrency
import TestSupport
import Testing

@testable import HTTPClient
@testable import Models

@Suite("Failures of an upstream")
struct UpstreamFailureTests {
    private func failure(status: Int, headers: [String] = [], _ body: String, key: String? = nil) async throws -> ModelError {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.respond(body, status: status, headers: headers)
        }
        let error = try await UpstreamModel.make(peer.url, key: key).failure()
        try await peer.finish()
        return error
    }

    @Test(
        "a request that an upstream refuses keeps its status, message, code and parameter",
        arguments: [400, 402, 404, 408, 409, 413, 415, 422, 424, 451])
    func refused(status: Int) async throws {
        let error = try await failure(status: status, #"{"error":{"message":"too hot","param":"temperature","code":"bad.Value-1"}}"#)
        #expect(error.clientCode == "bad.Value-1")
        #expect(error.code == .refused(status: status))
        #expect(error.clientMessage == "too hot")
        #expect(error.param == "temperature")
    }

    @Test(
        "a code is a word for programs, and not a key",
        arguments: ["two words", "a\\nb", "wörd", "sk-1", "\(String(repeating: "x", count: 65))sk-1"])
    func badCode(code: String) async throws {
        let error = try await failure(status: 400, #"{"error":{"message":"m","code":"\#(code)"}}"#, key: "sk-1")
        #expect(error.clientMessage == "m")
        #expect(error.clientCode.map { $0.utf8.count <= 64 && !$0.contains("sk-1") } ?? true)
    }

    @Test("a conversation that is too long is an error of its own, with any status", arguments: [400, 413, 422, 429, 500, 200])
    func tooLong(status: Int) async throws {
        let error = try await failure(status: status, #"{"error":{"message":"too long","code":"context_length_exceeded"}}"#)
        #expect(error.code == .contextTooLong)
        #expect(error.clientMessage == "too long")
    }

    @Test("a wrong key is for the operator, whatever its status", arguments: ["invalid_api_key", "API_KEY_INVALID"])
    func wrongKeyAsRefusal(code: String) async throws {
        let error = try await failure(status: 400, #"{"error":{"message":"API key","code":"\#(code)"}}"#)
        #expect(error.code == .failed && error.clientMessage == nil)
        let google = try await failure(status: 400, #"[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]"#)
        #expect(google.code == .failed && google.clientMessage == nil)
    }

    @Test("a refusal is one when its JSON is whole, although the upstream keeps the connection open")
    func openAfterRefusal() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n" + #"{"error":{"message":"too hot"}}"#)
            try connection.expectClose()
        }
        let error = try await UpstreamModel.make(peer.url).failure()
        #expect(error.code == .refused(status: 400) && error.clientMessage == "too hot")
        try await peer.finish()
    }

    @Test("a refusal in HTML is a refusal too")
    func refusedInHTML() async throws {
        let error = try await failure(status: 400, "<html>Bad Request</html>")
        #expect(error.code == .refused(status: 400))
        #expect(error.clientMessage?.contains("400") == true)
        #expect(error.clientMessage?.contains("<") == false)
    }

    @Test("the error for a wrong key is for the operator, and does not contain the key", arguments: [401, 403])
    func wrongKey(status: Int) async throws {
        let error = try await failure(status: status, #"{"error":"no such key: secret-1"}"#, key: "secret-1")
        #expect(error.code == .failed)
        #expect(error.clientMessage == nil)
        #expect(error.description.contains("\(status)") && error.description.contains("***"))
        #expect(!error.description.contains("secret-1"))
    }

    @Test("no key is in an error, wherever the text is cut", arguments: [0, 979, 990, 999, 1000, 1001, 20_000])
    func cutKey(length: Int) async throws {
        let (key, padding) = ("secret-1-and-more-of-it", String(repeating: "x", count: length))
        let text = "\(padding)\(key) \(key)\(key)"
        let error = try await failure(status: 400, #"{"error":{"message":"\#(text)","param":"\#(text)"}}"#, key: key)
        for shown in [error.description, error.clientMessage ?? "", error.param ?? ""] {
            #expect(!shown.isEmpty && !shown.contains("sec") && shown.utf8.count < 1100, "\(shown)")
        }
        #expect(try #require(error.param).utf8.count <= 200)
    }

    @Test("an error's text is cut by bytes, between characters", arguments: ["e\u{301}\u{301}\u{301}", "猫", "😀"])
    func cutText(character: String) async throws {
        let text = "x" + String(repeating: character, count: 1) + String(repeating: String(character.unicodeScalars.last!), count: 400_000)
        let error = try await failure(status: 400, #"{"error":{"message":"\#(text)","param":"\#(text)"}}"#)
        for (shown, limit) in [(error.clientMessage, 1000), (error.param, 200)] {
            let shown = try #require(shown)
            #expect(limit - 3...limit ~= shown.utf8.count && text.utf8.starts(with: shown.utf8))
        }
    }

    @Test("status 429 is a rate limit, with the time of Retry-After", arguments: ["7", "Wed, 21 Oct 2065 07:28:00 GMT"])
    func rateLimited(retryAfter: String) async throws {
        let error = try await failure(status: 429, headers: ["Retry-After: \(retryAfter)"], #"{"error":{"message":"org-1 is over"}}"#)
        #expect(error.code == .rateLimited)
        #expect(error.clientMessage == nil)
        if retryAfter == "7" { #expect(error.retryAfter == 7) } else { #expect(try #require(error.retryAfter) > 100) }
    }

    @Test("a status that is neither an answer nor a refusal is a failure", arguments: [500, 502, 503, 504, 301, 418, 204])
    func failed(status: Int) async throws {
        let error = try await failure(status: status, headers: ["Location: http://127.0.0.1:1/"], "")
        #expect(error.code == .failed)
        #expect(error.clientMessage == nil)
    }

    @Test("an error in a response with status 200 counts as the error that it reports")
    func errorInReply() async throws {
        #expect(try await failure(status: 200, #"{"error":{"message":"slow down","code":429}}"#).code == .rateLimited)
        #expect(try await failure(status: 200, #"{"error":{"message":"gone"}}"#).code == .failed)
        #expect(try await failure(status: 200, "<html></html>").code == .failed)
    }

    @Test("an upstream without a listener is unavailable")
    func unreachable() async throws {
        let peer = try Peer { _ in }
        try await peer.finish()
        let error = try await UpstreamModel.make("http://user:pw@127.0.0.1:1/v1").failure()
        #expect(error.code == .unavailable)
        #expect(error.retryAfter != nil)
        #expect(error.description.contains("http://127.0.0.1:1/v1") && !error.description.contains("pw"))
        #expect(try await UpstreamModel.make("http://name.invalid/v1").failure().code == .unavailable)
        #expect(try await UpstreamModel.make("http://unix:/nonexistent/socket:/v1").failure().code == .unavailable)
    }

    @Test("an upstream that does not speak TLS is unavailable")
    func noTLS() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            try connection.write("HTTP/1.1 400 Bad Request\r\n\r\n")
            try connection.expectClose()
        }
        #expect(try await UpstreamModel.make(peer.url.replacing("http:", with: "https:")).failure().code == .unavailable)
        try await peer.finish()
    }

    @Test("a response that is too late is a timeout of the turn")
    func timeout() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.expectClose()
        }
        let error = try await UpstreamModel.make(peer.url, timeout: .seconds(1)).failure()
        #expect(error.code == .timedOut)
        #expect(error.description == "Request timed out after 1s")
        #expect(error.clientMessage == error.description)
        try await peer.finish()
    }

    @Test("an upstream whose connection takes too long is unavailable")
    func connectTimeout() async throws {
        // The TLS handshake is part of connecting, and here nobody answers it.
        let peer = try Peer { peer in try peer.accept().expectClose() }
        let model = try UpstreamModel.make(peer.url.replacing("http:", with: "https:"), connectTimeout: .milliseconds(50))
        #expect(try await model.failure().code == .unavailable)
        try await peer.finish()
    }

    @Test(
        "a response that breaks off is a failure",
        arguments: ["HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{\"choices\":[", "HTTP/1.1 200 OK\r\n", ""])
    func cut(reply: String) async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.write(reply)
        }
        #expect(try await UpstreamModel.make(peer.url).failure().code == .failed)
        try await peer.finish()
    }

    @Test("an endless response is refused")
    func tooLarge() async throws {
        let peer = try Peer { peer in
            let connection = try peer.accept()
            _ = try connection.request()
            try connection.beginStream()
            let comment = [UInt8](repeating: UInt8(ascii: ":"), count: 1 << 20)
            // Until the client closes the connection.
            while (try? connection.write(comment)) != nil {}
        }
        let error = try await UpstreamModel.make(peer.url).failure { _ in }
        #expect(error.code == .failed)
        try await peer.finish()
    }

    @Test("without libcurl, the error says which package to install")
    func missingLibrary() throws {
        let error = #expect(throws: TransferError.self) { try CurlLibrary.open(["libnothing-1.so", "libnothing-2.so"]) }
        #expect(error?.code == .missingLibrary)
        #expect(error?.description.contains(CurlPackage.ofHost.command) == true)
        let upstream = Upstream(.init(address: try UpstreamModel.address("http://127.0.0.1:1")), engine: TransferEngine())
        let modelError = upstream.error(try #require(error)).error
        #expect(modelError.code == .unavailable)
        #expect(modelError.clientMessage?.hasSuffix(" \(CurlPackage.ofHost.name).") == true)
    }

    @Test(
        "libcurl's package has the name that the host's distribution gives it",
        arguments: [
            ("NAME=x\nID=debian\nVERSION_ID=\"13\"\n", "apt-get install libcurl4"),
            ("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n", "apt-get install libcurl4"),
            ("ID=\"centos\"\nID_LIKE=\"rhel fedora\"\nVERSION_ID=\"7\"\n", "yum install libcurl"),
            ("ID_LIKE='rhel fedora centos'\nID='cloudlinux'\n", "yum install libcurl"),
            ("ID=\"almalinux\"\nID_LIKE=\"rhel centos fedora\"\n", "yum install libcurl"), ("ID=fedora", "yum install libcurl"),
            ("ID=\"opensuse-leap\"\nID_LIKE=\"suse opensuse\"\n", "zypper install libcurl4"), ("ID=arch\n", "pacman -S curl"),
            ("ID=alpine\n", "apk add libcurl"),
        ])
    func package(osRelease: String, command: String) { #expect(CurlPackage(osRelease: osRelease).command == command) }

    @Test(
        "an os-release that nobody knows leads to a general sentence, and nothing of it is in there",
        arguments: ["", "ID=", "ID=\u{1b}[31m`reboot`\nID_LIKE=\"de bian\"", "VARIANT_ID=debian\nID=e\u{301}", "ID_LIKE"])
    func unknownDistribution(osRelease: String) {
        let package = CurlPackage(osRelease: osRelease)
        #expect(package.name == "libcurl" && package.command == "install the package libcurl (Debian: libcurl4)")
    }
}
