import Concurrency
import Foundation
import TestSupport
import Testing

@testable import HTTPClient
@testable import Models

@Suite("A crash during an upstream's response")
struct TransferCrashTests {
    @Test("a crash of the transfer thread names the request for which the upstream was asked")
    func label() async throws {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            CrashReport.install()
            let peer = try Peer { peer in
                let connection = try peer.accept()
                _ = try connection.request()
                try connection.beginStream()
                try connection.write(Fixture.stream)
            }
            _ = try await RequestLabel.$current.withValue(RequestLabel(route: "POST /v1/x", requestID: "req_7")) {
                try await UpstreamModel.make(peer.url).complete(.make(message: "Hello")) { delta in
                    // A fault: a thread that blocks it dies without a message. (abort(3) unblocks its own signal.)
                    let outside: [Int] = []
                    print(outside[delta.content.count])
                }
            }
        }
        let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(text.contains(/Crashed by SIG.*\) request=req_7 route=POST \/v1\/x\n/), "\(text)")
    }
}
