import CCurl
import FoundationEssentials
import Glibc
import Locking

/// Asks HTTP servers, thousands at once, on one thread: libcurl's multi interface. Neither the library nor the thread is there before the
/// first request.
final class HTTPClient: Sendable {
    private struct State {
        var isStarted = false
        var commands: [Command] = []
        var nextID = 0
    }

    private enum Command {
        case start(Int, HTTPTransfer)
        case cancel(Int)
    }

    /// libcurl's multi handle. `@unchecked Sendable`: curl_multi_wakeup may be called from any thread, and everything else is the client's
    /// thread's.
    private struct Multi: @unchecked Sendable {
        var pointer: UnsafeMutableRawPointer
    }

    private let state = Mutex(State())
    private let multi = Mutex<Multi?>(nil)
    private let maximumConnections: Int

    /// - Parameter maximumConnections: further transfers wait for one of these.
    init(maximumConnections: Int) {
        self.maximumConnections = maximumConnections
    }

    /// Sends a request and gives the whole answer. Cancelling the task ends it.
    ///
    /// - Parameter onBody: gets the pieces of a body whose status is 200 as they come, on the client's thread; the answer is without it
    ///   then.
    func send(
        _ request: HTTPRequest, onBody: (@Sendable (HTTPResponse, ArraySlice<UInt8>) -> Void)? = nil
    ) async throws(HTTPFailure) -> HTTPResponse {
        try start()
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                post(.start(id, HTTPTransfer(request, onBody: onBody, continuation)))
                // A task that was cancelled before has posted its command before this one.
                if Task.isCancelled { post(.cancel(id)) }
            }
        } onCancel: {
            post(.cancel(id))
        }
        return try result.get()
    }

    private func post(_ command: Command) {
        state.withLock { $0.commands.append(command) }
        if let multi = multi.withLock(\.self) { ccurl_multi_wakeup(multi.pointer) }
    }

    private func start() throws(HTTPFailure) {
        let failure = state.withLock { state -> HTTPFailure? in
            guard !state.isStarted else { return nil }
            if let problem = ccurl_load() { return HTTPFailure(kind: .noLibrary, description: String(cString: problem)) }
            guard let pointer = ccurl_multi_init() else { return HTTPFailure(kind: .broken, description: "libcurl cannot be started") }
            ccurl_multi_set_long(pointer, CURLMOPT_MAX_TOTAL_CONNECTIONS, maximumConnections)
            let started = Multi(pointer: pointer)
            multi.withLock { $0 = started }
            guard startDetachedThread({ self.run(started) }) == 0 else {
                return HTTPFailure(kind: .broken, description: "a thread cannot be started")
            }
            state.isStarted = true
            return nil
        }
        if let failure { throw failure }
    }

    private func run(_ multi: Multi) {
        let multi = multi.pointer
        // As curl's own program does; libcurl itself looks at neither.
        let environment = ProcessInfo.processInfo.environment
        let certificates = environment["CURL_CA_BUNDLE"] ?? environment["SSL_CERT_FILE"]
        var transfers: [Int: HTTPTransfer] = [:]
        var ids: [UnsafeMutableRawPointer: Int] = [:]
        while true {
            let commands = state.withLock { state in
                defer { state.commands = [] }
                return state.commands
            }
            for command in commands {
                switch command {
                case .start(let id, let transfer):
                    guard transfer.prepare(certificates: certificates), let handle = transfer.handle,
                        ccurl_multi_add_handle(multi, handle) == CURLM_OK
                    else {
                        transfer.end(CURLE_OUT_OF_MEMORY)
                        continue
                    }
                    transfers[id] = transfer
                    ids[handle] = id
                case .cancel(let id):
                    guard let transfer = transfers.removeValue(forKey: id), let handle = transfer.handle else { continue }
                    ids[handle] = nil
                    ccurl_multi_remove_handle(multi, handle)
                    transfer.cancel()
                }
            }
            ccurl_multi_perform(multi)
            var result = CURLE_OK
            while let handle = ccurl_multi_next_done(multi, &result) {
                ccurl_multi_remove_handle(multi, handle)
                if let id = ids.removeValue(forKey: handle) { transfers.removeValue(forKey: id)?.end(result) }
            }
            // Returns when something happens, when libcurl has something to do, or when it is woken.
            ccurl_multi_poll(multi, 60_000)
        }
    }
}
