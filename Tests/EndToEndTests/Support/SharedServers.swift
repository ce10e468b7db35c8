import Testing

/// Runs a suite with one server of each kind, which its tests share.
struct SharedServers: SuiteTrait, TestScoping {
    @TaskLocal static var servers: [Server.Kind: Server] = [:]

    func provideScope(for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void) async throws {
        try await Server.run(.nginx) { nginx in
            try await Server.run(.lighttpd) { lighttpd in
                try await Self.$servers.withValue([.nginx: nginx, .lighttpd: lighttpd]) { try await function() }
            }
        }
    }
}

extension Trait where Self == SharedServers {
    static var sharedServers: Self { Self() }
}

extension Server {
    /// The suite's server of a kind.
    static func shared(_ kind: Kind) throws -> Server { try #require(SharedServers.servers[kind]) }
}
