import CGI
import Testing

@Suite("EventStream")
struct EventStreamTests {
    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("an event is a data field and an empty line")
    func data() {
        #expect(text(EventStream.data(Array(#"{"a":"你好"}"#.utf8))) == "data: {\"a\":\"你好\"}\n\n")
        #expect(text(EventStream.data(Array("[DONE]".utf8))) == "data: [DONE]\n\n")
        #expect(text(EventStream.data([])) == "data: \n\n")
    }

    @Test("a comment is a line that begins with a colon")
    func comment() {
        #expect(text(EventStream.comment("keep-alive")) == ": keep-alive\n\n")
    }

    @Test(
        "text of several lines stays inside its event",
        arguments: [
            ("a\nb", "data: a\ndata: b\n\n"), ("a\r\nb", "data: a\ndata: b\n\n"), ("a\rb", "data: a\ndata: b\n\n"),
            ("a\n\nevent: b", "data: a\ndata: \ndata: event: b\n\n"), ("\n", "data: \ndata: \n\n"),
            ("a\r\r\n", "data: a\ndata: \ndata: \n\n"),
        ])
    func lines(content: String, event: String) {
        #expect(text(EventStream.data(Array(content.utf8))) == event)
        #expect(!text(EventStream.comment(content)).contains("data:"))
    }

    @Test("an event stream's headers give its type and forbid caching, changing and buffering")
    func headers() {
        let headers = EventStream.headers.map { "\($0.name): \($0.value)" }
        #expect(
            headers == [
                "Content-Type: text/event-stream; charset=utf-8", "Cache-Control: no-cache, no-transform", "X-Accel-Buffering: no",
            ])
    }
}
