import Chat
import CGI
import Models
import Server
import Testing

@testable import ChatAPI
@testable import Sessions
import BuiltinModel

@Suite("Pictures, recordings and documents")
struct MediaTests {
    private static let picture = #"{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0=","detail":"low"}}"#
    private static let document = #"{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBERg=="}}"#
    private static let recording = #"{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}"#

    private static func body(_ parts: String...) -> String {
        #"{"messages":[{"role":"user","content":[\#(parts.joined(separator: ","))]}]}"#
    }

    private static func picture(_ url: String) -> String { body(#"{"type":"image_url","image_url":{"url":"\#(url)"}}"#) }

    @Test(
        "pictures, recordings and documents reach the model with the text around them, are stored, and are in the next turn, also from the file"
    )
    func stored() async throws {
        let model = ScriptedModel()
        let api = try API(model)
        let text = #"{"type":"text","text":"What is this?"}"#
        #expect(
            await api.send("POST", "/v1/chat/completions", body: Self.body(text, Self.picture, Self.recording, Self.document)).status == 200
        )
        let message = Message(
            role: .user, content: "What is this?",
            parts: [
                .text("What is this?"), .image(url: "data:image/png;base64,iVBORw0=", detail: "low"),
                .audio(data: "UklGRg==", format: "wav"), .file(data: "data:application/pdf;base64,JVBERg==", name: "a.pdf"),
            ])
        #expect(await model.prompts.last?.turn == [message])
        let written = #"{"role":"user","content":[\#(text),\#(Self.picture),\#(Self.recording),\#(Self.document)]"#
        #expect(await api.send("GET", "/v1/session/export").text.contains(written + "}"))
        #expect(await api.send("GET", "/v1/session").text.contains(written + ","))
        #expect(
            await api.send("GET", "/v1/session/export?format=markdown").text.contains(
                "> What is this?\n> \n> [image]\n> \n> [audio]\n> \n> [file] `a.pdf`\n"))
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
        #expect(try ChatRequest(Array(Self.picture(url).utf8)).conversation.new[0].parts == [.image(url: url, detail: nil)])
    }

    @Test(
        "base64 without padding, with line breaks, or in the alphabet for URLs is sent on in the plain form",
        arguments: [
            ("AAA", "AAA="), ("AA", "AA=="), (#"AA\r\nAA\nA A==\n"#, "AAAAAA=="), ("_-8", "/+8="), ("_-8=", "/+8="), ("AAAA", "AAAA"),
        ])
    func plain(given: String, expected: String) throws {
        func parts(_ part: String) throws -> [Message.Part] { try ChatRequest(Array(Self.body(part).utf8)).conversation.new[0].parts }
        #expect(
            try parts(#"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(given)"}}"#)
                == [.image(url: "data:image/png;base64,\(expected)", detail: nil)])
        #expect(
            try parts(#"{"type":"input_audio","input_audio":{"data":"\#(given)","format":"mp3"}}"#)
                == [.audio(data: expected, format: "mp3")])
        #expect(
            try parts(#"{"type":"file","file":{"file_data":"data:application/pdf;base64,\#(given)","filename":"a.pdf"}}"#)
                == [.file(data: "data:application/pdf;base64,\(expected)", name: "a.pdf")])
        #expect(try parts(#"{"type":"file","file":{"file_data":"\#(given)"}}"#) == [.file(data: expected, name: nil)])
    }

    @Test(
        "a picture that is not such a data URL is refused, with its path",
        arguments: [
            "", "x", "data:", "data:image/png;base64,", "data:image/png,AAAA", "data:image/png;base64", "data:text/html;base64,AAAA",
            "data:image/png;base64,A", "data:image/png;base64,A===", "data:image/png;base64,AA=A", "data:image/png;base64,AA=",
            "data:image/png;base64,AAAA====", "data:image/png;base64,A.AA", "data:image/pn g;base64,AAAA", "http://example.org/a.png",
            "https://example.org/a.png",
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
            (#"{"type":"file"}"#, "file"), (#"{"type":"file","file":{}}"#, "file.file_data"),
            (#"{"type":"file","file":{"file_data":"?"}}"#, "file.file_data"), (#"{"type":"file","file":{"file_id":"f"}}"#, "file.file_id"),
            (#"{"type":"file","file":{"file_data":"AAAA","filename":5}}"#, "file.filename"), (#"{"type":"video_url"}"#, "type"),
            ("{}", "type"),
        ])
    func badParts(part: String, place: String) {
        let body = Self.body(#"{"type":"text","text":"x"}"#, part)
        let error = apiError { try ChatRequest(Array(body.utf8)) }
        #expect(error?.code == "invalid_messages" && error?.param == (place.isEmpty ? nil : "messages[0].content[1].\(place)"))
    }

    @Test("a remote picture in a message that the client only repeats is ignored")
    func repeated() throws {
        let body =
            #"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://a"}}]},"#
            + #"{"role":"assistant","content":"y"},{"role":"user","content":"x"}]}"#
        #expect(try ChatRequest(Array(body.utf8)).conversation.new == [Message(role: .user, content: "x")])
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
