import Chat
import Foundation
import Testing

@testable import Sessions

@Suite("Sessions from the files of other programs")
struct ImportedSessionTests {
    static let metadata = #"{"_type": "metadata", "key": "wx:dm:user_alice", "created_at": "2026-01-02T03:04:05Z", "metadata": {}}"#

    @Test("each user message begins a turn, and messages before the first one are a turn of their own")
    func turns() throws {
        let session = try ImportedSession(
            #"""
            {"model": "gpt", "messages": [
              {"role": "system", "content": "Be kind"}, {"role": "assistant", "content": "Welcome"},
              {"role": "user", "content": "a"}, {"role": "developer", "content": "x"}, {"role": "assistant", "content": "b"},
              {"role": "user", "content": "c"}, {"role": "user", "content": "d"}, {"role": "assistant", "content": "e"}]}
            """#, key: "k")
        #expect(
            try session.said() == [["assistant: Welcome"], ["user: a", "assistant: b"], ["user: c"], ["user: d", "assistant: e"]])
        #expect(session.omissions == ImportedSession.Omissions(instructions: 2))
        for turn in try session.decodedTurns() {
            #expect(turn.model == "gpt" && turn.at == "2026-01-01T00:00:00Z" && turn.finishReason == "stop")
            #expect(turn.id.wholeMatch(of: /turn-[a-z0-5]{24}/) != nil)
            #expect(turn.request == Turn.Origin(id: "import", bodySHA256: ""))
        }
        #expect(Set(session.lines.map(\.id)).count == 4)
    }

    @Test("an import keeps tool calls, results and names, and counts parts that are not text")
    func tools() throws {
        let session = try ImportedSession(
            Self.metadata + #"""

                {"role": "user", "content": [{"type": "text", "text": "What is"}, {"type": "image_url", "image_url": {"url": "u"}}, "this?"], "media": ["m"]}
                {"role": "assistant", "content": null, "tool_calls": [{"id": "1", "type": "function", "function": {"name": "look", "arguments": "{\"a\":\"\\n\"}"}}], "reasoning_content": "r"}
                {"role": "tool", "tool_call_id": "1", "name": "look", "content": "a cat"}
                {"role": "assistant", "content": "A cat", "tools_used": ["look"], "timestamp": 5}
                """#)
        #expect(session.key.description == "wx:dm:user_alice")
        #expect(session.createdAt == "2026-01-02T03:04:05Z")
        #expect(session.omissions == ImportedSession.Omissions(media: 1))
        let turns = try session.decodedTurns()
        #expect(
            turns.map(\.messages) == [
                [
                    Message(role: .user, content: "What is this?"),
                    Message(role: .assistant, content: "", toolCalls: [Message.ToolCall(id: "1", name: "look", arguments: #"{"a":"\n"}"#)]),
                    Message(role: .tool, content: "a cat", toolCallID: "1", name: "look"), Message(role: .assistant, content: "A cat"),
                ]
            ])
        #expect(turns[0].model == "unknown" && turns[0].at == "2026-01-02T03:04:05Z")
    }

    @Test("a turn has the time of its last message, or of the one before if that has none")
    func times() throws {
        let session = try ImportedSession(
            Self.metadata + #"""

                {"role": "user", "content": "a"}
                {"role": "user", "content": "b", "timestamp": "2026-01-02T04:00:00+01:00"}
                {"role": "assistant", "content": "c", "timestamp": "2026-01-02T03:00:07.5Z"}
                {"role": "user", "content": "d", "timestamp": "yesterday"}
                """#)
        #expect(session.lines.map(\.at) == ["2026-01-02T03:04:05Z", "2026-01-02T03:00:07Z", "2026-01-02T03:00:07Z"])
    }

    @Test("an import keeps embedded pictures and recordings, and counts remote ones")
    func parts() throws {
        let session = try ImportedSession(
            #"""
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "a"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}, {"type": "image_url", "image_url": {"url": "https://b"}},
            {"type": "input_audio", "input_audio": {"data": "BBBB", "format": "mp3"}}, {"type": "file"}, "c"]}]}
            """#, key: "k")
        let parts: [Message.Part] = [
            .text("a"), .image(url: "data:image/png;base64,AAAA", detail: nil), .audio(data: "BBBB", format: "mp3"), .text("c"),
        ]
        #expect(try session.decodedTurns()[0].messages == [Message(role: .user, content: "a c", parts: parts)])
        #expect(session.omissions == ImportedSession.Omissions(media: 2))
    }

    @Test("an import ignores records that are not messages, blank lines, and the kind of line ends")
    func records() throws {
        let lines = [
            Self.metadata, #"{"_type": "provider_state", "state": {"role": 1}}"#, "", #"{"role": "user", "content": "a"}"#,
            Self.metadata, #"{"role": "assistant", "content": "b"}"#,
        ]
        for text in [lines.joined(separator: "\r\n"), "\u{feff}" + lines.joined(separator: "\n") + "\n\n"] {
            #expect(try ImportedSession(text).said() == [["user: a", "assistant: b"]])
        }
    }

    @Test(
        "the key comes from the metadata, from the name in base64url, or from the caller",
        arguments: [
            ("wx_dm_user_alice.jsonl", nil), ("d3g6ZG06dXNlcl9hbGljZQ.jsonl", "wx:dm:user_alice"),
            ("d3g6ZG06dXNlcl9hbGljZQ==.jsonl", "wx:dm:user_alice"), ("5b6u5L-hOmRtOng_.jsonl", "微信:dm:x?"), ("YWJj.jsonl", nil),
            ("Og.jsonl", ":"),
            ("Oh.jsonl", nil), ("OgA.jsonl", nil), ("A.jsonl", nil), (".jsonl", nil), ("", nil),
        ])
    func keys(name: String, key: String?) throws {
        let text = #"{"_type": "metadata"}"#
        #expect(try ImportedSession(text, name: name, key: "given").key.description == "given")
        #expect(try ImportedSession(Self.metadata, name: name).key.description == "wx:dm:user_alice")
        guard let key else {
            let error = #expect(throws: SessionError.self) { try ImportedSession(text, name: name) }
            #expect(error?.code == .invalidKey && error?.description.contains("--key") == true)
            return
        }
        #expect(try ImportedSession(text, name: name).key.description == key)
    }

    @Test("two imports of a file give the same ids, and equal turns get different ones")
    func stableIDs() throws {
        let line = #"{"role": "user", "content": "yes", "timestamp": "2026-01-02T03:04:05"}"# + "\n"
        let text = Self.metadata + "\n" + line + line + #"{"role": "user", "content": "yes"}"#
        let ids = try ImportedSession(text).lines.map(\.id)
        #expect(Set(ids).count == 3)
        #expect(try ImportedSession(text).lines.map(\.id) == ids)
        #expect(try ImportedSession(text, key: "other").lines.allSatisfy { !ids.contains($0.id) })
        // The other program drops old turns.
        #expect(try ImportedSession(Self.metadata + "\n" + line + #"{"role":"user","content":"yes"}"#).lines.map(\.id) == [ids[0], ids[2]])
    }

    @Test(
        "a file that is not a session is refused, and the error says why",
        arguments: [
            ("", "it is empty"), (" \n", "it is empty"), ("# `a`\n", "Markdown is for reading"), ("[]", "no session"), ("12", "no session"),
            ("{}", "no session"), (#"{"role": "user", "content": "a"}"#, "no session"), (#"{"_type": "other"}"#, "no session"),
            (#"{"format": "nanobot-session/2", "key": "a"}"#, "newer version"), ("{", "it ends in the middle of line 1"),
            (#"{"messages": 5}"#, "line 1 is not JSON"), (#"{"messages": []} x"#, "line 1 is not JSON"),
            (#"{"messages": ["# + "\n", "it ends in the middle of line 2"), (#"{"messages": [}}"#, "line 1 is not JSON"),
            (#"{"messages": [{"role": "user", "content": "a"},]}"#, "line 1 is not JSON"),
            (#"{"messages": [{"role": "user" "content": "a"}]}"#, "its message 1 cannot be read"),
            (#"{"messages": [{"role": "user", "content": 5}]}"#, "its message 1 cannot be read"),
            (#"{"messages": [{"role": "user"}, 5]}"#, "its message 2 cannot be read"),
            (#"{"messages": [{"content": "a"}]}"#, "its message 1 cannot be read"),
            (#"{"messages": [{"role": "robot", "content": "a"}]}"#, "its message 1 has a role"),
            (#"{"messages": [{"role": "user", "tool_calls": [{"id": "a"}]}]}"#, "its message 1 cannot be read"),
            (Self.metadata + "\n" + #"{"role": "user", "content": "a"#, "it ends in the middle of line 2"),
            (Self.metadata + "\n" + #"{"role": "user", "con"# + "\n" + #"{"role": "user"}"#, "line 2 is not JSON"),
            (Self.metadata + "\n\u{0}\u{0}", "its message 1 cannot be read"),
            (#"{"_type": "metadata", "key": "a\u0001"}"#, "control character"),
        ])
    func refusals(text: String, reason: String) throws {
        let error = #expect(throws: SessionError.self) {
            try ImportedSession(text, key: text.contains("metadata") ? nil : "k")
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }

    @Test("an import with bytes that are not UTF-8 is refused, wherever they are")
    func notUTF8() throws {
        let bytes = Array(#"{"x":""#.utf8) + [0xff] + Array(#"","messages":[]}"#.utf8)
        #expect(throws: SessionError.self) { try ImportedSession(bytes, name: "x", key: SessionKey("k")) }
    }

    @Test("imported times have an offset or are in this process's time zone")
    func timestamps() throws {
        let cases = [
            ("2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z"), ("2026-01-02T03:04:05.123456Z", "2026-01-02T03:04:05Z"),
            ("2026-01-02 03:04:05+08:00", "2026-01-01T19:04:05Z"), ("2026-01-02T03:04:05.5-0130", "2026-01-02T04:34:05Z"),
            ("2026-02-28T23:59:59+00", "2026-02-28T23:59:59Z"),
        ]
        for (text, utc) in cases { #expect(ImportedTimestamp.utc(text) == utc) }
        for text in [
            "", "2026", "2026-13-02T03:04:05", "2026-01-02", "2026-01-02T03:04:05X", "2026-01-02T03:04:05+1", "2026-01-02T03-04-05",
        ] {
            #expect(ImportedTimestamp.utc(text) == nil, "\(text)")
        }
        let local = DateFormatter()
        local.locale = Locale(identifier: "en_US_POSIX")
        local.dateFormat = "yyyy-MM-dd'T'HH:mm:ss"
        for seconds in [1_767_225_600.0, 1_782_864_000] {
            let date = Date(timeIntervalSince1970: seconds)
            #expect(ImportedTimestamp.utc(local.string(from: date) + ".123456") == date.ISO8601Format())
        }
    }
}
