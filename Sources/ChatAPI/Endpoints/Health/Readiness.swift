import Concurrency
import Logging
import Models
import Server
import Sessions
import Text

/// Finds out whether turns can be answered and stored now, at most once a second, for however many ask.
final class Readiness: Sendable {
    private let sessions: SessionStore
    private let model: any ChatModel
    private let logger: Logger
    private let state = Mutex(State())

    private struct State {
        var check: Task<APIError?, Never>?
        /// When the check ended; nil until then.
        var end: ContinuousClock.Instant?
        /// What the last check found, in the log's words.
        var reason: String?
    }

    private static let interval = Duration.seconds(1)

    /// - Parameter model: the one that answers requests which name none.
    init(_ sessions: SessionStore, _ model: any ChatModel, logger: Logger) {
        (self.sessions, self.model, self.logger) = (sessions, model, logger)
    }

    /// What is missing; nil if nothing is.
    var problem: APIError? {
        get async {
            let check = state.withLock { state in
                if let check = state.check, state.end.map({ $0 + Self.interval > .now }) ?? true { return check }
                let check = Task(executorPreference: sessions.reading) { await self.findProblem() }
                (state.check, state.end) = (check, nil)
                return check
            }
            return await check.value
        }
    }

    /// Whoever asks may be anybody, and learns no path, address or reason.
    private func findProblem() async -> APIError? {
        do throws(SessionError) {
            try sessions.checkWritable()
        } catch {
            end("\(error)")
            return error.code == .storageFull
                ? Self.unready("storage_full", "The data directory is full")
                : Self.unready("storage_unavailable", "The data directory cannot be written")
        }
        do throws(ModelError) {
            try await model.checkReachable()
        } catch {
            end("\(error)")
            return Self.unready("upstream_unavailable", "The model cannot be reached")
        }
        end(nil)
        return nil
    }

    /// Whoever operates the program learns the reason, once.
    private func end(_ reason: String?) {
        let isKnown = state.withLock { state in
            defer { (state.reason, state.end) = (reason, .now) }
            return state.reason == reason
        }
        guard !isKnown else { return }
        if let reason { logger.warning("Not ready: \(reason)") } else { logger.notice("Ready again") }
    }

    private static func unready(_ code: String, _ message: String) -> APIError {
        APIError(status: 503, code: code, message: message, headers: [("Retry-After", "1")])
    }
}
