import Concurrency
import Files
import FoundationEssentials
package import Logging

/// The API keys that are in force: those of the file as it was at most half a second ago.
package final class KeyStore: Sendable {
    private struct State {
        /// Nil if there are no keys, so that the API is open.
        var ring: KeyRing?
        /// The file that `ring` was read from.
        var status: FileStatus?
        /// When the file is looked at again.
        var next: ContinuousClock.Instant
        /// Whether the file could be changed within a tick of its clock, so that its status does not show it.
        var isYoung = false
        var failure: KeyFileError?
    }

    package let file: KeyFile
    private let logger: Logger
    private let state: Mutex<State>

    /// How long the keys that were read last are believed.
    private static let interval = Duration.milliseconds(500)

    /// Reads the keys. Without a file the API is open until there is one.
    ///
    /// - Parameter logger: gets a line if the file cannot be used later, and when it can be again.
    package init(_ file: KeyFile, logger: Logger) throws(KeyFileError) {
        (self.file, self.logger) = (file, logger)
        state = Mutex(State(next: .now))
        try state.withLock { state throws(KeyFileError) in try read(&state) }
    }

    /// The keys in force; nil if there are none, so that the API is open.
    ///
    /// A file that is gone, or that cannot be used, changes nothing: whoever damages the file must not open the API, nor close it. But if there
    /// were no keys before, it closes the API.
    package var ring: KeyRing? {
        state.withLock { state in
            let now = ContinuousClock.now
            guard now >= state.next else { return state.ring }
            state.next = now + Self.interval
            do throws(KeyFileError) {
                if state.failure != nil || state.isYoung {
                    try read(&state)
                } else {
                    guard try file.status() != state.status else { return state.ring }
                    try read(&state)
                }
                if state.failure != nil { logger.notice("The key file \(file.path) can be used again") }
                state.failure = nil
            } catch {
                if state.failure != error {
                    let isFirst = state.ring == nil
                    logger.error("\(error). \(isFirst ? "Until then every request is refused" : "The keys from before stay in force").")
                }
                state.failure = error
                // Somebody made keys, so that the API is not open any more.
                state.ring = state.ring ?? KeyRing()
            }
            return state.ring
        }
    }

    private func read(_ state: inout State) throws(KeyFileError) {
        let status = try file.status()
        let ring = try file.read()
        guard ring != nil || state.ring == nil else { throw KeyFileError(file.path, "is gone") }
        let modified = status.map { Date(timeIntervalSince1970: Double($0.modifiedSeconds)) }
        // A clock that is wrong makes a file look younger, not older, or the file was there for long.
        state.isYoung = modified.map { Date().timeIntervalSince($0) < 3 } ?? false
        (state.ring, state.status) = (ring, status)
    }
}
