import Concurrency
import HTTPClient
import JSON
import Sessions
import Text

/// The responder of another host, which is asked through its web server.
struct RemoteSide: PeerSide {
    let site: SiteAddress
    let token: String
    let engine: TransferEngine
    /// The host that answered first. A class, because each question is for the same one.
    private let host = Host()

    private final class Host: Sendable {
        let name = Mutex<String?>(nil)
    }

    private struct Failure: Decodable { var message: String }

    private struct Held: Decodable { var held: Bool }

    init(site: SiteAddress, token: String, engine: TransferEngine) { (self.site, self.token, self.engine) = (site, token, engine) }

    var place: String { "at \(site)" }

    func perform(_ action: PeerProbe.Action) async throws -> PeerView {
        let view = try await ask(action.rawValue, for: PeerView.self)
        let first = host.name.withLock { name in
            name = name ?? view.host
            return name ?? view.host
        }
        guard first == view.host else {
            throw PeerError(
                description: "\(site) leads to several hosts, \(first) and \(view.host)", fix: ["give the address of one host"])
        }
        return view
    }

    func whileLocked<Result: Sendable>(_ body: @Sendable () async throws -> Result) async throws -> Result? {
        let hasAnswered = Mutex(false)
        async let answer = {
            defer { hasAnswered.withLock { $0 = true } }
            return try await ask("lock", for: Held.self)
        }()
        // The lock is taken at some time after the request was sent, and held for a moment.
        while try await !perform(.view).isLocked {
            guard !hasAnswered.withLock(\.self) else {
                guard try await answer.held else { return nil }
                throw PeerError(description: "a lock that the responder \(place) holds keeps out nobody there either")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        let result = try await body()
        let isStillHeld = try await perform(.view).isLocked
        _ = try await answer
        return isStillHeld ? result : nil
    }

    /// True if the responder knows the token: it has the same data directory.
    func knowsToken() async throws -> Bool {
        try await engine.ask(site.url("v1/doctor/\(token)"), timeout: SiteCheck.timeout).status == 200
    }

    private func ask<Answer: Decodable>(_ action: String, for type: Answer.Type) async throws -> Answer {
        let response = try await engine.ask(site.url("v1/doctor/\(token)/peer/\(action)"), body: [], timeout: SiteCheck.timeout)
        guard response.status == 200 else {
            throw PeerError(description: "the responder \(place) does not do its part (status \(response.status))")
        }
        if let failure = try? ValueDecoder().read(Failure.self, from: response.body[...]) {
            throw PeerError(description: "the responder \(place): \(failure.message)")
        }
        guard let answer = try? ValueDecoder().read(type, from: response.body[...]) else {
            throw PeerError(description: "what is \(place) does not answer as a responder")
        }
        return answer
    }
}
