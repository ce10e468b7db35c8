import Access
import CGI
import Foundation
import SystemPackage
import Testing

@testable import ChatAPI

@Suite("GET /openapi.json")
struct DescriptionTests {
    private struct Description: Decodable {
        struct Server: Decodable { var url: String }
        var openapi: String
        var servers: [Server]
        var paths: [String: [String: Anything]]

        /// What an operation contains is not read.
        struct Anything: Decodable {}
    }

    private func description(_ response: Response) throws -> Description {
        #expect(response.status == 200)
        #expect(response.header("content-type") == "application/json")
        return try JSONDecoder().decode(Description.self, from: Data(response.bytes))
    }

    @Test("it serves the file, to everybody, with and without v1", arguments: ["/openapi.json", "/v1/openapi.json", "/openapi.json/"])
    func file(_ path: String) async throws {
        let directory = try DataDirectory()
        let keys = KeyFile(FilePath(directory.path + "/keys.json"))
        let scope = try #require(SessionScope("*"))
        let key = APIKey(name: "one", scopes: [scope], permissions: [.chat], created: Date(timeIntervalSince1970: 1_700_000_000))
        try keys.change { ring throws(KeyFileError) in try ring.add(key) }
        let api = try API(in: directory, keys: keys)
        #expect(await api.send("GET", "/v1/models").status == 401)
        let served = try description(await api.send("GET", path, session: nil))
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Sources/ChatAPI/openapi.json"
        let data = try #require(FileManager.default.contents(atPath: file))
        #expect(served.paths.keys.sorted() == (try JSONDecoder().decode(Description.self, from: data)).paths.keys.sorted())
    }

    @Test(
        "the server is where the description was found",
        arguments: [
            ("/openapi.json", "/"), ("/v1/openapi.json", "/"), ("/openapi.json/", "/"), ("/v1/openapi.json/?x=/y", "/"),
            ("//v1//openapi.json", "/"),
            ("/cgi-bin/nanobot.cgi/openapi.json", "/cgi-bin/nanobot.cgi"), ("/cgi-bin/nanobot.cgi/v1/openapi.json", "/cgi-bin/nanobot.cgi"),
            ("/a%20b/openapi.json", "/a%20b"),
            // Not the host of that name.
            ("//other.example/openapi.json", "/other.example"),
        ])
    func server(uri: String, url: String) async throws {
        let served = try description(await (try API()).send("GET", "/openapi.json", uri: uri))
        #expect(served.servers.map(\.url) == [url])
    }
}
