import CGI
import Foundation
import JSON
import Testing

@Suite("Exports over HTTP")
struct ExportTests {
    @Test(
        "an export has its content type and a file name",
        arguments: [
            ("", "application/json", "json"), ("?format=json", "application/json", "json"),
            ("?format=jsonl", "application/jsonl", "jsonl"), ("?format=markdown", "text/markdown; charset=utf-8", "md"),
        ])
    func headers(query: String, contentType: String, fileExtension: String) async throws {
        let api = try API()
        _ = await api.chat("Hello", session: "wx:dm:é\"/../x")
        let response = await api.send("GET", "/v1/session/export" + query, session: "wx:dm:é\"/../x")
        #expect(response.status == 200)
        #expect(response.header("content-type") == contentType)
        #expect(response.header("content-disposition") == "attachment; filename=\"session-wx_dm____.._x.\(fileExtension)\"")
        #expect(response.text.contains("Hello"))
    }

    @Test("the default export is the session's own document")
    func json() async throws {
        let api = try API()
        _ = await api.chat("Hello")
        let file = FileManager.default.contents(atPath: api.directory.path + "/sessions/a.json")
        #expect(await Data(api.send("GET", "/v1/session/export").bytes) == file)
    }

    @Test("an export of a session with a long key has a short file name")
    func longName() async throws {
        let api = try API()
        let key = String(repeating: "键", count: 170)
        _ = await api.chat("Hello", session: key)
        let name = await api.send("GET", "/v1/session/export", session: key).header("content-disposition")
        #expect(name == "attachment; filename=\"session-\(String(repeating: "_", count: 100)).json\"")
    }

    @Test("an unknown export format is refused", arguments: ["", "JSON", "md", "html", "json%00"])
    func unknownFormat(format: String) async throws {
        let api = try API()
        _ = await api.chat("Hello")
        expectError(await api.send("GET", "/v1/session/export?format=\(format)"), 400, "invalid_value", param: "format")
    }
}
