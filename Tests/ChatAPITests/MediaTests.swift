import Chat
import CGI
import Models
import Server
import Testing

@testable import ChatAPI
@testable import Sessions
import BuiltinModel

@Suite("Pictures and recordings")
struct MediaTests {
    private static let picture = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0=","detail":"low"}}"#
    private static let recording = #"{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}"#

    private static func body(_ parts: String...) -> String {
        #"{"messages":[{"role":"user","content":[\#(parts.joined(separator: ","))]}]}"#
    }

    private static func picture(_ url: String) -> String { body(#"{"type":"image_url","image_url":{"url":"\#(url)"}}"#) }

    @Test("pictures and recordings reach the model with the text around them, are stored, and are in the next turn, also from the file")
    func stored() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let text = #"{"type":"text","text":"What is this?"}"#
        #expect(await api.send("POST", "/v1/chat/completions", body: Self.body(text, Self.picture, Self.recording)).status == 200)
        let message = Message(
            role: .user, content: "What is this?",
            parts: [
                .text("What is this?"), .image(url: "data:image/png;base64,iVBORw0=", detail: "low"),
                .audio(data: "UklGRg==", format: "wav"),
            ])
        #expect(await model.prompts.last?.turn == [message])
        let written = #"{"role":"user","content":[\#(text),\#(Self.picture),\#(Self.recording)]"#
        #expect(await api.send("GET", "/v1/session/export").text.contains(written + "}"))
        #expect(await api.send("GET", "/v1/session").text.contains(written + ","))
        #expect(
            await api.send("GET", "/v1/session/export?format=markdown").text.contains("> What is this?\n> \n> [image]\n> \n> [audio]\n"))
        for api in [api, try API(model, in: api.directory)] {
            #expect(await api.chat("And?", headers: ["x-session-mode": "readonly"]).status == 200)
            #expect(await model.prompts.last?.history.first?.messages.first == message)
        }
    }

    @Test(
        "a picture is a data URL of an image in base64",
        arguments: [
            "data:image/png;base64,AAAA", "DATA:Image/SVG+xml;charset=utf-8;BASE64,AAA=", "data:image/jpeg;base64,//8=",
            "data:image/webp;base64,AA==",
        ])
    func pictures(url: String) throws {
        #expect(try ChatRequest(Array(Self.picture(url).utf8)).turn[0].parts == [.image(url: url, detail: nil)])
    }

    @Test(
        "a picture that is not such a data URL is refused, with its path",
        arguments: [
            "", "x", "data:", "data:image/png;base64,", "data:image/png,AAAA", "data:image/png;base64", "data:text/html;base64,AAAA",
            "data:image/png;base64,AAA", "data:image/png;base64,A===", "data:image/png;base64,AA=A", "data:image/png;base64,AA A",
            "data:image/png;base64,AA-_", "data:image/pn g;base64,AAAA", "http://example.org/a.png", "https://example.org/a.png",
            "file:///etc/passwd",
        ])
    func badPictures(url: String) {
        let error = apiError { try ChatRequest(Array(Self.picture(url).utf8)) }
        #expect(error?.code == "invalid_messages" && error?.param == "messages[0].content[0].image_url.url")
    }

    @Test(
        "a remote picture may be an https URL if the operator allows it",
        arguments: [
            ("https://example.org/a.png", true), ("HTTPS://example.org/a?b=c", true), ("data:image/png;base64,AAAA", true),
            ("http://example.org/a.png", false), ("https://", false), ("https://a b", false), ("ftp://example.org", false),
            ("file:///etc/passwd", false), ("data:text/html;base64,AAAA", false),
        ])
    func remotePictures(url: String, isTaken: Bool) {
        let request = try? ChatRequest(Array(Self.picture(url).utf8), allowsRemoteImages: true)
        #expect((request != nil) == isTaken)
    }

    @Test(
        "an error about a part names its path",
        arguments: [
            (#"{"type":"image_url"}"#, "image_url"), (#"{"type":"image_url","image_url":"data:image/png;base64,AAAA"}"#, "image_url"),
            (#"{"type":"image_url","image_url":{}}"#, "image_url.url"), (#"{"type":"image_url","image_url":{"url":5}}"#, "image_url.url"),
            (#"{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":1}}"#, "image_url.detail"),
            (#"{"type":"input_audio"}"#, "input_audio"), (#"{"type":"input_audio","input_audio":{"format":"wav"}}"#, "input_audio.data"),
            (#"{"type":"input_audio","input_audio":{"data":"AAAA"}}"#, "input_audio.format"),
            (#"{"type":"input_audio","input_audio":{"data":"AAAA","format":"ogg"}}"#, "input_audio.format"),
            (#"{"type":"input_audio","input_audio":{"data":"A","format":"wav"}}"#, "input_audio.data"),
            (#"{"type":"input_audio","input_audio":{"data":"","format":"mp3"}}"#, "input_audio.data"), (#"{"type":5}"#, "type"),
            (#"{"type":"file"}"#, "type"), ("{}", "type"),
        ])
    func badParts(part: String, place: String) {
        let body = Self.body(#"{"type":"text","text":"x"}"#, part)
        let error = apiError { try ChatRequest(Array(body.utf8)) }
        #expect(error?.code == "invalid_messages" && error?.param == (place.isEmpty ? nil : "messages[0].content[1].\(place)"))
    }

    @Test("a remote picture in a message that the client only repeats is ignored")
    func repeated() throws {
        let body =
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a"}}]},{"role":"user","content":"x"}]}"#
        #expect(try ChatRequest(Array(body.utf8)).turn == [Message(role: .user, content: "x")])
    }

    @Test("a picture counts in the context window by its cost for a model, not by its bytes")
    func window() async throws {
        let model = ScriptedModel()
        let api = try API(model) { $0.window.maxTokens = 2000 }
        let picture = Self.picture("data:image/png;base64," + String(repeating: "AAAA", count: 50_000))
        for _ in 0..<3 { #expect(await api.send("POST", "/v1/chat/completions", body: picture).status == 200) }
        for api in [api, try API(model, in: api.directory, { $0.window.maxTokens = 2000 })] {
            _ = await api.chat("And?", headers: ["x-session-mode": "readonly"])
            #expect(await model.prompts.last?.history.count == 2)
        }
    }

    @Test("the built-in model says that it cannot see pictures")
    func builtin() async throws {
        let api = try API(BuiltinModel())
        let response = await api.send("POST", "/v1/chat/completions", body: Self.body(Self.picture))
        #expect(response.answer?.hasPrefix("I cannot see pictures") == true)
    }
}
