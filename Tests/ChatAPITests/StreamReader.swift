import Foundation
import CGI
import Models
import Testing

@testable import ChatAPI
import JSON

/// What a client sees of a streamed response as it arrives.
struct StreamReader {
    /// One chunk, as OpenAI's clients read it.
    struct Chunk: Decodable, Equatable {
        struct Choice: Decodable, Equatable {
            struct Delta: Decodable, Equatable {
                struct ToolCall: Decodable, Equatable {
                    struct Function: Decodable, Equatable {
                        var name: String?
                        var arguments: String?
                    }
                    var index: Int
                    var id: String?
                    var type: String?
                    var function: Function
                }
                var role: String?
                var content: String?
                var refusal: String?
                var tool_calls: [ToolCall]?
            }
            var index: Int
            var delta: Delta
            var finish_reason: String?
        }
        struct Usage: Decodable, Equatable { var total_tokens: Int }
        var id: String
        var object: String
        var created: Int
        var model: String
        var choices: [Choice]
        var usage: Usage?
    }

    private var chunks: AsyncStream<[UInt8]>.Iterator?
    private var rest = ""

    init(_ response: Response) {
        switch response.body {
        case .bytes(let bytes): rest = String(decoding: bytes, as: UTF8.self)
        case .stream(let stream): chunks = stream.makeAsyncIterator()
        }
    }

    /// The next event or comment; nil at the end.
    mutating func frame() async -> String? {
        while true {
            if let end = rest.range(of: "\n\n") {
                let frame = String(rest[..<end.lowerBound])
                rest = String(rest[end.upperBound...])
                return frame
            }
            guard let chunk = await chunks?.next() else {
                #expect(rest.isEmpty)
                return nil
            }
            rest += String(decoding: chunk, as: UTF8.self)
        }
    }

    /// The next event's data; comments are skipped.
    mutating func event() async throws -> String? {
        while let frame = await frame() {
            if frame.hasPrefix(": ") { continue }
            #expect(frame.hasPrefix("data: "))
            return String(frame.dropFirst(6))
        }
        return nil
    }

    mutating func chunk() async throws -> Chunk {
        try JSONDecoder().decode(Chunk.self, from: Data(try #require(try await event()).utf8))
    }

    /// The chunks until `[DONE]`, which is the end of the stream.
    mutating func chunks() async throws -> [Chunk] {
        var chunks: [Chunk] = []
        while let event = try await event() {
            if event == "[DONE]" {
                #expect(await frame() == nil)
                return chunks
            }
            chunks.append(try JSONDecoder().decode(Chunk.self, from: Data(event.utf8)))
        }
        Issue.record("the stream ended without [DONE]")
        return chunks
    }

    /// All frames that are left.
    mutating func frames() async -> [String] {
        var frames: [String] = []
        while let frame = await frame() { frames.append(frame) }
        return frames
    }
}

extension [StreamReader.Chunk] {
    var text: String { compactMap { $0.choices.first?.delta.content }.joined() }
}

extension API {
    /// An API that streams.
    static func streaming(
        _ model: any ChatModel, in directory: DataDirectory? = nil, keepAlive: Duration = .seconds(3600)
    ) throws -> API {
        try API(
            model, in: directory,
            configure: {
                $0.streams = true
                $0.keepAliveInterval = keepAlive
            })
    }

    /// One turn of a session, with a streamed response.
    func stream(
        _ text: String = "Hello", session: String = "a", headers: KeyValuePairs<String, String> = [:], options: String = ""
    ) async -> Response {
        await send(
            "POST", "/v1/chat/completions", session: session, headers: headers, body: API.streamBody(text, options: options))
    }
}
