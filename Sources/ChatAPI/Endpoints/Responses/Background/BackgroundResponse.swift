import CGI
import Concurrency
import JSON
import Server
import Sessions
import Text

/// A response in the background, as its file shows it to every process.
struct BackgroundResponse: Sendable {
    private let name: String
    private let reader: BackgroundReader
    private let service: ChatService

    /// How often the file is read while somebody waits for what comes next.
    private static let interval = Duration.milliseconds(50)
    /// How much of the file is read at once, in bytes.
    private static let chunkLength = 1 << 18
    /// In bytes. A file that somebody else has written may be of any size.
    private static let longestEvent = 1 << 26
    /// How often is looked whether the client has taken what was sent.
    private static let patienceWithClient = Duration.milliseconds(20)
    /// How long somebody waits for a response to be cancelled.
    private static let patience = Duration.seconds(5)

    /// Nil if the response has no file: it is not in the background, or it is old.
    init?(_ address: TurnAddress, _ service: ChatService) throws(SessionError) {
        guard let reader = try service.sessions.background.open(address.text), SessionLocator(reader.session) == address.session else {
            return nil
        }
        (name, self.reader, self.service) = (address.text, reader, service)
    }

    /// The same; nil if the caller may not see it, too.
    init?(_ address: TurnAddress, _ service: ChatService, _ context: RequestContext) throws(SessionError) {
        try self.init(address, service)
        guard context.covers(reader.session) else { return nil }
    }

    /// The response whose file has this name, too.
    init?(named name: String, _ service: ChatService) throws(SessionError) {
        guard let reader = try service.sessions.background.open(name) else { return nil }
        (self.name, self.reader, self.service) = (name, reader, service)
    }

    /// False once the response has ended.
    func isRunning() throws(SessionError) -> Bool { try reader.isRunning() }

    /// Sends the response as it is now, or all of its events.
    func send(to writer: ResponseWriter, _ context: RequestContext, streams: Bool) async throws {
        if streams { try await stream(to: writer, context) } else { try await writer.send(.json(try json())) }
    }

    /// The response as it is now.
    func json() throws -> JSONValue {
        let isRunning = try reader.isRunning()
        if !isRunning, let response = try lastEvent()?.json?.member("response") { return response }
        let events = try firstEvents()
        guard let response = events.first?.json?.member("response") else { throw APIError.responseNotFound }
        if reader.isCancelled { return response.with(["status": "cancelled"]) }
        if isRunning { return events.count < 3 ? response : response.with(["status": "in_progress"]) }
        return Self.failed(response)
    }

    /// Where the turn of a response was stored that has its answer; nil if it has none.
    func storedAddress() throws -> TurnAddress? {
        guard try !reader.isRunning(), let event = try lastEvent(), !event.isFailure else { return nil }
        return event.json?.member("response")?.member("id")?.string.flatMap { TurnAddress(responseID: $0) }
    }

    /// The events that say how the response began.
    private func firstEvents() throws -> [Event] {
        var limit = 1 << 16
        while true {
            let bytes = try reader.read(limit: limit)
            let events = Event.list(in: bytes[...]).events
            if events.count >= 3 || bytes.count < limit || limit > Self.longestEvent { return events }
            limit *= 2
        }
    }

    /// The event that says how the response has ended; nil if none does.
    private func lastEvent() throws -> Event? {
        var length = 1 << 16
        while true {
            let size = try reader.size()
            let bytes = try reader.read(from: max(0, size - length))
            // The first one may have lost its beginning.
            let events = Event.list(in: bytes[...]).events
            if let last = events.last(where: \.isLast) { return last }
            if events.count > 3 || length >= size || length > Self.longestEvent { return nil }
            length *= 2
        }
    }

    /// Sends the events, the coming ones too.
    ///
    /// - Parameter after: the number of the last event that the client has; nil if it has none.
    func stream(to writer: ResponseWriter, _ context: RequestContext, after: Int? = nil) async throws {
        let next = Mutex(0)
        try await context.answer(
            writer, service.settings, lateError: { ResponseStream.error($0, number: next.withLock(\.self)) },
            events: { buffer in
                var (position, isOver) = (0, false)
                var rest: [UInt8] = []
                var first: Event?
                while true {
                    let isRunning = try reader.isRunning()
                    let bytes = try reader.read(from: position, limit: Self.chunkLength)
                    position += bytes.count
                    rest += bytes
                    let (events, length) = Event.list(in: rest[...])
                    var sent: [UInt8] = []
                    for event in events {
                        let number = next.withLock { next in
                            defer { next += event.isNumbered ? 1 : 0 }
                            return next
                        }
                        if after.map({ number > $0 }) ?? true || !event.isNumbered { sent += event.bytes + "\n\n".utf8 }
                        first = first ?? event
                        isOver = isOver || event.isLast
                    }
                    buffer.send(sent)
                    rest.removeFirst(length)
                    guard rest.count <= Self.longestEvent else { throw APIError.responseNotFound }
                    if bytes.isEmpty {
                        guard isRunning else { break }
                        try await Task.sleep(for: Self.interval)
                    }
                    // A client that takes nothing must not make memory grow with the file.
                    while !buffer.isTaken { try await Task.sleep(for: Self.patienceWithClient) }
                    if !buffer.isWanted { throw CancellationError() }
                }
                if isOver { return [] }
                if try service.sessions.background.open(name)?.isCancelled ?? true { return EventStream.data(Array("[DONE]".utf8)) }
                // Its process has died.
                let number = next.withLock(\.self)
                let event: JSONValue = [
                    "type": "response.failed", "sequence_number": .integer(number),
                    "response": Self.failed(first?.json?.member("response") ?? [:]),
                ]
                return EventStream.event("response.failed", line: event.serialized) + ResponseStream.error(.endedEarly, number: number + 1)
            })
    }

    /// Stops the response, if it still runs.
    func cancel() async throws {
        guard try reader.isRunning() else { return }
        try service.sessions.background.cancel(name)
        let deadline = ContinuousClock.now + Self.patience
        while try reader.isRunning(), .now < deadline { try await Task.sleep(for: Self.interval) }
    }

    /// Removes what the file says.
    func remove() { service.sessions.background.remove(name) }

    private static func failed(_ response: JSONValue) -> JSONValue {
        response.with(["status": "failed", "error": ResponseObject.failure(.endedEarly)])
    }
}

/// One event of a file.
private struct Event {
    /// Without the blank line that ends it.
    var bytes: [UInt8]

    /// The whole events at the beginning of a text, and their length.
    static func list(in bytes: ArraySlice<UInt8>) -> (events: [Event], length: Int) {
        var events: [Event] = []
        var start = bytes.startIndex
        var search = start
        while let feed = bytes[search...].firstIndex(of: UInt8(ascii: "\n")) {
            search = feed + 1
            guard feed > start, bytes[search...].first == UInt8(ascii: "\n") else { continue }
            events.append(Event(bytes: Array(bytes[start..<feed])))
            start = search + 1
            search = start
        }
        return (events, start - bytes.startIndex)
    }

    /// False for what ends every stream.
    var isNumbered: Bool { bytes.starts(with: "event: ".utf8) }

    /// True if the response has ended with it.
    var isLast: Bool { ["response.completed", "response.incomplete"].contains { isNamed($0) } || isFailure }

    var isFailure: Bool { isNamed("response.failed") }

    private func isNamed(_ name: String) -> Bool {
        bytes.dropFirst("event: ".utf8.count).prefix { $0 != UInt8(ascii: "\n") }.elementsEqual(name.utf8)
    }

    var json: JSONValue? {
        guard let data = bytes.firstRange(of: Array("\ndata: ".utf8)) else { return nil }
        return try? JSONField(parsing: Array(bytes[data.upperBound...])).value
    }
}

extension JSONValue {
    /// An object with other values of some members.
    fileprivate func with(_ changes: KeyValuePairs<String, JSONValue>) -> JSONValue {
        guard case .object(let members) = self else { return self }
        return .object(members.map { name, value in (name, changes.first { $0.key == name }?.value ?? value) })
    }
}

extension APIError {
    fileprivate static let endedEarly = APIError(
        status: 503, code: "internal_error", message: "The program stopped before the response was complete")
}
