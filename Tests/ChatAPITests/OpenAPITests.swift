import CGI
import Foundation
import Server
import Testing

@testable import ChatAPI

@Suite("openapi.json")
struct OpenAPITests {
    private struct Description: Decodable {
        var openapi: String
        var paths: [String: [String: Anything]]

        /// What an operation contains is not read.
        struct Anything: Decodable {}
    }

    @Test("openapi.json describes every endpoint of the table, and no other")
    func endpoints() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Sources/ChatAPI/openapi.json"
        let data = try #require(FileManager.default.contents(atPath: file))
        let described = try JSONDecoder().decode(Description.self, from: data)
        #expect(described.openapi.hasPrefix("3.1"))
        // The doctor's paths are private to it and its responder.
        let served = try API().endpoints.paths.filter { !$0.path.hasPrefix("/v1/doctor/") }.flatMap { route in
            route.methods.map { "\($0) \(route.path.replacing("...}", with: "}"))" }
        }
        let methods = ["get", "post", "delete", "put", "patch"]
        let operations = described.paths.flatMap { path, operations in
            operations.keys.filter { methods.contains($0) }.map { "\($0.uppercased()) \(path)" }
        }
        #expect(Set(operations) == Set(served))
        #expect(operations.count == served.count)
    }
}
