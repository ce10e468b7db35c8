import CGI
import Chat
import FoundationEssentials
import JSON
import Models
import Sessions

/// How a turn reaches its client.
extension Router {
    /// Runs a turn, and says whether it was stored before. The closure gets the pieces of the answer, where they are wanted.
    typealias RunTurn = @Sendable (_ onDelta: (@Sendable (Delta) -> Void)?) async throws -> (turn: Turn, isReplayed: Bool)

    /// The answer as one JSON object. Where the turn takes long, white space is sent before it.
    func answer(_ requestID: String, _ run: @escaping RunTurn) async throws -> Response {
        let work = { @Sendable () async throws -> Response in
            let (turn, isReplayed) = try await run(nil)
            var response = Self.json(Self.completion(turn))
            if isReplayed { response.headers.append(Self.replayed) }
            return response
        }
        guard let patience = settings.heartbeatAfter else { return try await work() }
        // White space may stand before a JSON text (RFC 8259, section 2).
        let filler = OngoingResponse.Filler(bytes: Array(" ".utf8), patience: patience, interval: settings.keepAliveInterval)
        return try await OngoingResponse.make(
            headers: [("Content-Type", "application/json"), ("X-Accel-Buffering", "no")], filler: filler, on: executor,
            lateError: { log($0, requestID).body.serialized }, work: { _ in try await work() })
    }

    /// The answer as server-sent events.
    ///
    /// - Parameter id: the id of the turn that will be stored.
    func answerInPieces(_ requestID: String, _ stream: CompletionStream, _ run: @escaping RunTurn) async throws -> Response {
        let interval = settings.keepAliveInterval
        let filler = OngoingResponse.Filler(bytes: EventStream.comment("keep-alive"), patience: interval, interval: interval)
        return try await OngoingResponse.make(
            headers: EventStream.headers, filler: filler, on: executor, lateError: { CompletionStream.end(log($0, requestID)) },
            work: { response in
                let (turn, isReplayed) = try await run { response.send(stream.frames($0)) }
                return Response(
                    status: 200, headers: EventStream.headers + (isReplayed ? [Self.replayed] : []), body: stream.end(turn))
            })
    }

    private static let replayed = (name: "idempotency-replayed", value: "true")
}

extension Turn {
    /// What ids of turns begin with.
    static let idPrefix = "turn-"

    /// The id of the completion that the turn is for its client: the same one whenever it is given.
    var completionID: String { Self.completionID(id) }

    static func completionID(_ turnID: String) -> String { "chatcmpl-" + turnID.dropFirst(idPrefix.count) }

    /// When it was stored, in seconds since 1970.
    var created: Int { (try? Date(at, strategy: .iso8601)).map { Int($0.timeIntervalSince1970) } ?? 0 }
}
