import CGI
import Foundation
import Testing

@testable import Server

@Suite("Bodies that are gzip")
struct GzipTests {
    private static let hello = bytes("H4sIAAAAAAACA8tIzcnJBwCGphA2BQAAAA==")
    private static let world = bytes("H4sIAAAAAAACA1Mozy/KSQEAy0I7SgYAAAA=")
    /// A megabyte of zeros.
    private static let zeros = bytes(
        "H4sIAAAAAAACA+3BMQEAAADCoPVPbQhfo" + String(repeating: "A", count: 1355) + "PgMc6jinAAAQAA==")

    private static func bytes(_ base64: String) -> [UInt8] { Array(Data(base64Encoded: base64) ?? Data()) }

    private func post(_ body: [UInt8], _ coding: String?, limit: Int = 1 << 20) async -> Output {
        let server = Server.make(
            [TestEndpoint(method: "POST") { context, writer in try await writer.send(Response(status: 200, body: try context.body())) }],
            configure: { $0.bodyLimit = limit })
        let variables: KeyValuePairs = coding.map { ["HTTP_CONTENT_ENCODING": $0] } ?? [:]
        return await server.ask("POST", "/v1/test", variables, body: .complete(body))
    }

    @Test("one or several members are unpacked, however the coding is spelled", arguments: ["gzip", "x-gzip", "GZip"])
    func unpacked(coding: String) async {
        #expect(await post(Self.hello, coding).body == "hello")
        #expect(await post(Self.hello + Self.world, coding).body == "hello world")
    }

    @Test("no coding, or identity, changes nothing", arguments: [nil, "", "identity", "Identity"])
    func identity(coding: String?) async {
        #expect(await post(Array("plain".utf8), coding).body == "plain")
    }

    @Test("another coding is refused", arguments: ["deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "compress"])
    func refused(coding: String) async {
        let output = await post(Self.hello, coding)
        #expect(output.head.first == "Status: 415 Unsupported Media Type" && output.body.contains("unsupported_media_type"))
    }

    @Test("what is cut short, changed, or not gzip is an error that says so")
    func damaged() async {
        var cases = (0..<Self.hello.count).map { Array(Self.hello.prefix($0)) }
        cases += (1..<Self.world.count).map { Self.hello + Self.world.prefix($0) }
        cases += [Self.hello + [0], Array("{}".utf8), [0x78, 0x9c, 3, 0, 0, 0, 0, 1]]
        var changed = Self.hello
        changed[Self.hello.count - 8] ^= 1
        for body in cases + [changed] {
            let output = await post(body, "gzip")
            #expect(output.head.first == "Status: 400 Bad Request" && output.body.contains("not valid gzip"), "\(body)")
        }
    }

    @Test("the limit holds for what is unpacked, and no more than that is unpacked")
    func limit() async throws {
        #expect(await post(Self.hello + Self.world, "gzip", limit: 11).body == "hello world")
        #expect(await post(Self.hello + Self.world, "gzip", limit: 10).head.first == "Status: 413 Content Too Large")
        #expect(await post(Self.zeros, "gzip").body.utf8.count == 1 << 20)
        // Two gigabytes, of which all but the first megabyte is never looked at: even a wrong end is not seen.
        let bomb = [[UInt8]](repeating: Self.zeros, count: 2_000).flatMap(\.self)
        #expect(await post(bomb + [0], "gzip").head.first == "Status: 413 Content Too Large")
    }
}
