import Foundation
import Glibc
import Harness
import TestSupport
import Testing

private let hasLoopDevices: Bool = {
    let control = open("/dev/loop-control", O_RDWR)
    guard control >= 0 else { return false }
    close(control)
    return geteuid() == 0
}()

/// Without loop devices there is the simulated disk (SessionsTests), which loses every part of what was not synced.
@Suite("Power cuts", .serialized, .enabled(if: hasLoopDevices, "only root may mount a file, and not in every container"))
struct PowerCutTests {
    typealias Request = PowerCutSite.Request
    typealias Sessions = PowerCutSite.Sessions

    /// What a request changes in the sessions of `before`.
    enum Change: String, CaseIterable, CustomTestStringConvertible {
        case turn
        case firstTurn
        case delete
        case undo
        case fork

        var testDescription: String { rawValue }

        static let before: Sessions = ["a": ["one", "two"]]

        var request: Request {
            switch self {
            case .turn: .chat("three", session: "a")
            case .firstTurn: .chat("three", session: "b")
            case .delete: .delete("a")
            case .undo: .undo("a")
            case .fork: .fork("a", to: "b")
            }
        }

        var after: Sessions {
            switch self {
            case .turn: ["a": ["one", "two", "three"]]
            case .firstTurn: ["a": ["one", "two"], "b": ["three"]]
            case .delete: [:]
            case .undo: ["a": ["one"]]
            case .fork: ["a": ["one", "two"], "b": ["one", "two"]]
            }
        }

        /// The session that it changes.
        var session: String { self == .firstTurn || self == .fork ? "b" : "a" }

        /// The sync after which it is on the disk. A new file is synced, and then its name.
        var lastSync: Int { self == .turn || self == .delete ? 1 : 2 }

        /// What another try is answered, and what there is then.
        var retried: (status: Int, sessions: Sessions) {
            switch self {
            case .turn, .firstTurn: (200, after)
            case .delete: (404, after)
            case .undo: (200, ["a": []])
            case .fork: (409, after)
            }
        }
    }

    /// How the next responder comes to tell of a change that one made which was killed.
    enum Look: String, CaseIterable, CustomTestStringConvertible {
        case read
        case retry

        var testDescription: String { rawValue }
    }

    @Test("a change that was answered is there after a power cut at the moment of the answer", arguments: Change.allCases)
    func answered(change: Change) async throws {
        try await Self.run { site in
            let (response, remains) = try await site.send(change.request)
            #expect(response.status == 200)
            try await Self.expect(change.after, in: remains, replaying: change.request, response)
        }
    }

    /// This is what the others would find if nothing was synced.
    @Test("with durability relaxed a power cut loses what was answered", arguments: Change.allCases)
    func relaxed(change: Change) async throws {
        try await Self.run(durability: "relaxed") { site in
            let (response, remains) = try await site.send(change.request)
            #expect(response.status == 200)
            #expect(try await site.sessions() == change.after)
            try await Self.expect(Change.before, in: remains)
        }
    }

    @Test(
        "a change whose responder was killed before the sync is there after a power cut, once another responder has told of it",
        arguments: Change.allCases, Look.allCases)
    func killed(change: Change, look: Look) async throws {
        try await Self.run { site in
            let (failure, lost) = try await site.send(change.request, killedAtSync: change.lastSync)
            #expect(failure.status == 502)
            try await Self.expect(Change.before, in: lost)

            switch look {
            case .read:
                let (response, remains) = try await site.send(.read(change.session))
                #expect(response.status == (change == .delete ? 404 : 200))
                try await Self.expect(change.after, in: remains)
            case .retry:
                let (response, remains) = try await site.send(change.request)
                #expect(response.status == change.retried.status)
                #expect((response.headers["idempotency-replayed"] == "true") == (change == .turn || change == .firstTurn))
                try await Self.expect(change.retried.sessions, in: remains, replaying: change.request, response)
            }
        }
    }

    /// Runs `body` with a site that has the sessions of `Change.before`, all of them on the disk.
    private static func run(durability: String = "sync", _ body: (PowerCutSite) async throws -> Void) async throws {
        try await PowerCutSite.run(durability: durability) { site in
            for text in Change.before["a"] ?? [] { #expect(try await site.send(.chat(text, session: "a")).response.status == 200) }
            if durability == "relaxed" {
                try await MountNamespace.run("sync -f '\(site.site.home.path)/data'", in: site.site.responder().processID)
            }
            try await body(site)
        }
    }

    /// Starts the program on what a power cut left, and checks that it has one of these states, and still gives a chat's answer.
    static func expect(
        _ expected: Sessions..., in remains: TemporaryDirectory, replaying request: Request? = nil, _ first: HTTPResponse? = nil,
        comment: String = "", sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await PowerCutSite.run(remains) { site in
            let sessions = try await site.sessions()
            #expect(expected.contains(sessions), "\(sessions) \(comment)", sourceLocation: sourceLocation)
            if let request, let first, request.path == Server.chatPath {
                let response = try await site.send(request).response
                #expect(response.headers["idempotency-replayed"] == "true", "\(comment)", sourceLocation: sourceLocation)
                #expect(response.body == first.body, "\(comment)", sourceLocation: sourceLocation)
            }
        }
    }
}
