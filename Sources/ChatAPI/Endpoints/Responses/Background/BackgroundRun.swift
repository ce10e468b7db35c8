import Access
import CGI
import Concurrency
import Crypto
import Server
import Sessions

/// Another try of the same request runs, and has a file.
private struct OtherTry: Error {}

/// Makes one response while nobody waits for it. What it says goes to a file, where every process finds it.
final class BackgroundRun: Sendable {
    private enum State {
        /// The turn may still be refused, and its place may change.
        case waiting
        /// There is a file.
        case begun(ResponseObject)
        /// It ended before it began: an earlier try of the request has its answer, or it was refused.
        case ended(Result<ResponseRun.Answer, any Error>)
    }

    private let run: ResponseRun
    /// A name of the file by which other tries of the request find it; nil if tries cannot be told.
    private let tries: String?
    private let stream = ResponseStream()
    private let state = Awaited(State.waiting)
    private let writer = Mutex<BackgroundWriter?>(nil)
    /// True once the model is asked.
    private let hasStarted = Mutex(false)
    private let headers = Mutex<[(name: String, value: String)]>([])

    /// How long the client waits to be told what is wrong with its request. Then the turn waits for others of its session.
    private static let patience = Duration.milliseconds(300)

    init(_ run: ResponseRun) throws {
        var run = run
        let session = run.state.session
        tries = run.state.seed.map { Identifier.make(prefix: "try-", digest: SHA256.digest(of: "\($0) \(session)".utf8)) }
        // The turn that runs will be the last one: then the id would name a place that the response cannot have.
        if case .after = run.state.place, try run.service.sessions.isBusy(run.state.session) { run.state.branch() }
        self.run = run
    }

    /// Starts the run, and says that it is queued.
    func respond(to context: RequestContext, _ writer: ResponseWriter) async throws {
        let service = run.service
        guard let tasks = service.background else {
            throw APIError.unsupported(
                "background needs the program as a FastCGI responder: over CGI nothing goes on after a request", param: "background")
        }
        guard run.state.mode.stores else {
            throw APIError.unsupported("background needs a response that is stored", param: "background")
        }
        if let tries, let response = try BackgroundResponse(named: tries, service), try response.isRunning() {
            return try await response.send(to: writer, context, streams: run.request.stream)
        }
        context.meter?.hold()
        tasks.start(isCancelled: { self.isCancelled() }) {
            await self.work()
            context.meter?.end()
        }
        let begun = await begun()
        for (name, value) in headers.withLock(\.self) { writer.addHeader(name, value) }
        switch begun {
        case .begun(let object):
            guard run.request.stream else { return try await writer.send(.json(object.json(.queued))) }
            guard let response = try BackgroundResponse(object.address, service) else { throw APIError.responseNotFound }
            try await response.send(to: writer, context, streams: true)
        case .ended(.failure(is OtherTry)):
            guard let tries, let response = try BackgroundResponse(named: tries, service) else { throw APIError.stopping }
            try await response.send(to: writer, context, streams: run.request.stream)
        case .ended(let result):
            let (turn, object) = try result.get()
            guard run.request.stream else { return try await writer.send(.json(object.json(turn))) }
            try await writer.send(Response(status: 200, headers: EventStream.headers, body: stream.end(turn, of: object)))
        case .waiting: throw APIError.stopping
        }
    }

    /// What has become of the run once it is known, or after a moment.
    private func begun() async -> State {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
                do {
                    try self.begin(self.run.turn(in: self.run.state).object, in: self.run.state.session)
                } catch {
                    self.end(.failure(error))
                }
            }
            defer { group.cancelAll() }
            return await state.next { if case .waiting = $0 { nil } else { $0 } }
        }
    }

    /// True if somebody wants the response to stop. Everybody sees at once that one has ended that still waits for its session.
    private func isCancelled() -> Bool {
        guard writer.withLock(\.self)?.isCancelled ?? false else { return false }
        if !hasStarted.withLock(\.self) { writer.withLock { $0 = nil } }
        return true
    }

    /// Creates the file of the run, unless there is one.
    private func begin(_ object: ResponseObject, in session: SessionKey) throws {
        try writer.withLock { writer in
            guard writer == nil else { return }
            // It was cancelled while it waited.
            if case .begun = state.withLock(\.self) { throw CancellationError() }
            let (files, name) = (run.service.sessions.background, object.address.text)
            let new = try files.create(name, of: session, stream.queue(object))
            if let tries, try !files.link(name, to: tries) {
                files.remove(name)
                throw OtherTry()
            }
            writer = new
        }
        state.change { if case .waiting = $0 { $0 = .begun(object) } }
    }

    private func end(_ result: Result<ResponseRun.Answer, any Error>) {
        state.change { if case .waiting = $0 { $0 = .ended(result) } }
    }

    private func append(_ events: [UInt8]) { writer.withLock(\.self)?.append(events) }

    private func work() async {
        let listener = ResponseRun.Listener(
            onBegin: { object, session in
                try self.begin(object, in: session)
                self.hasStarted.withLock { $0 = true }
                self.append(self.stream.start(object))
            },
            onDelta: { self.append(self.stream.events($0, of: $1)) },
            addHeader: { name, value in self.headers.withLock { $0.append((name, value)) } })
        do {
            let (turn, object) = try await run.answer(listener)
            end(.success((turn, object)))
            append(stream.end(turn, of: object))
        } catch {
            end(.failure(error))
            if writer.withLock(\.self)?.isCancelled == false { append(stream.end(run.context.report(error))) }
        }
        // Everybody sees that it has ended.
        let hadFile = writer.withLock { writer in
            defer { writer = nil }
            return writer != nil
        }
        if hadFile, let tries { run.service.sessions.background.remove(tries) }
    }
}
