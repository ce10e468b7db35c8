import ChatAPI
import FastCGI
import FoundationEssentials
import CGI
// The environment is read before anything else runs.
@preconcurrency import Glibc
import Concurrency
import Sessions
import JSON

/// One request over CGI (RFC 3875): a process for each, with the request in its environment and on its standard input.
enum CGIProgram {
    /// Whether a web server started the process for a request.
    static var isStarted: Bool { getenv("GATEWAY_INTERFACE") != nil }

    /// Answers the request. What keeps the program from that is an answer, too, and a line on standard error.
    static func run() {
        // The header `Proxy` would be a setting of that name (CVE-2016-5385).
        unsetenv("HTTP_PROXY")
        // A web server that has left is no reason to end before the turn is stored.
        signal(SIGPIPE, SIG_IGN)
        let metaVariables = environment()
        do {
            let worker = try WorkerPool(threads: 1)
            let configuration = try Configuration(options: [:], file: nil, environment: ProcessInfo.processInfo.environment)
            let application = try Application(configuration, workers: worker) { _ in nil }
            let ended = Semaphore()
            Task(executorPreference: worker) {
                await answer(metaVariables, by: application)
                ended.signal()
            }
            ended.wait()
        } catch {
            Terminal.say("nanobot: \(error)")
            let request = Request(metaVariables: metaVariables, body: body(metaVariables, limit: 0))
            _ = write(Router.internalError(to: request).serialized(includesBody: request.method != "HEAD"))
        }
    }

    private static func answer(_ metaVariables: [(name: String, value: String)], by application: Application) async {
        let request = Request(metaVariables: metaVariables, body: body(metaVariables, limit: application.bodyLimit))
        await send(await application.respond(to: request), includesBody: request.method != "HEAD", application.onDisconnect)
        // The web server waits for the end of the answer, not of the process.
        close(STDOUT_FILENO)
        application.sessions.pruneOnceAnHour()
    }

    private static func send(_ response: Response, includesBody: Bool, _ onDisconnect: Application.DisconnectPolicy) async {
        var isTaken = write(response.serialized(includesBody: includesBody))
        guard case .stream(let pieces) = response.body, includesBody else { return }
        for await piece in pieces {
            isTaken = isTaken && write(piece)
            if !isTaken, onDisconnect == .cancel { return }
        }
    }

    /// The environment's variables. Bytes that are not UTF-8 are replaced by U+FFFD.
    private static func environment() -> [(name: String, value: String)] {
        var variables: [(name: String, value: String)] = []
        var entry = environ
        while let variable = entry.pointee {
            let parts = String(cString: variable).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables.append((String(parts[0]), String(parts[1]))) }
            entry += 1
        }
        return variables
    }

    /// Reads the body from standard input: as long as the web server says (section 4.2), to its end where the client sent it in chunks,
    /// which have no length.
    private static func body(_ metaVariables: [(name: String, value: String)], limit: Int) -> Request.Body {
        func value(_ name: String) -> String? { metaVariables.first { $0.name == name }?.value }
        let isChunked = value("HTTP_TRANSFER_ENCODING") != nil
        let length = value("CONTENT_LENGTH").flatMap { Int($0) } ?? (isChunked ? Int.max : 0)
        var bytes: [UInt8] = []
        var count = 0
        // Also what is too much is read, within reason: a web server that cannot get rid of it may not look at the answer.
        while count < min(length, drainLength) {
            let piece = [UInt8](unsafeUninitializedCapacity: min(1 << 16, length - count)) { buffer, count in
                repeat { count = read(STDIN_FILENO, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
                count = max(0, count)
            }
            guard !piece.isEmpty else { break }
            count += piece.count
            if count <= limit { bytes += piece }
        }
        return count > limit ? .tooLarge : .complete(bytes)
    }

    private static let drainLength = 64 << 20

    /// Writes to the web server. False where it has left.
    private static func write(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || errno == EINTR else { return false }
            rest = rest.dropFirst(max(0, count))
        }
        return true
    }
}
