import Concurrency
import Files
import FoundationEssentials
import Glibc
package import Logging
package import SystemPackage
import Text

/// The API keys that are in force: those of the file as it was at most half a second ago.
///
/// Only the operator opens an API that had keys, by removing the mark that is left in the data directory: a key file that is gone, or that
/// another configuration looks for elsewhere, does not.
package final class KeyStore: Sendable {
    private struct State {
        /// Nil if there are no keys, so that the API is open.
        var ring: KeyRing?
        /// Finds one key while no others were read.
        var index: KeyIndex?
        /// The file that was tried last.
        var status: FileStatus?
        /// When the file is looked at again.
        var next: ContinuousClock.Instant
        /// Whether the file could be changed within a tick of its clock, so that its status does not show it.
        var isYoung = false
        var failure: KeyFileError?
    }

    package let file: KeyFile
    /// Those of publishable keys.
    package let visitors: Visitors
    /// The file whose presence says that there were keys.
    private let mark: FilePath?
    private let use: KeyUse?
    private let logger: Logger
    private let state: Mutex<State>

    /// How long the keys that were read last are believed.
    private static let interval = Duration.milliseconds(500)

    /// Reads the keys. Without a file the API is open until there is one.
    ///
    /// - Parameters:
    ///   - dataDirectory: where it is remembered that there were keys; nil to forget it.
    ///   - isRecovering: true if a program that had keys died: if they cannot be used now, every request is refused until they can.
    ///   - servesOne: true if one request is served, so that its key is read alone where that is possible.
    ///   - logger: gets a line if the file cannot be used later, and when it can be again.
    /// - Throws: if the file cannot be used.
    package init(
        _ file: KeyFile, dataDirectory: FilePath?, isRecovering: Bool = false, servesOne: Bool = false, logger: Logger
    ) throws(KeyFileError) {
        (self.file, mark, self.logger) = (file, dataDirectory?.appending("api-keys"), logger)
        visitors = Visitors(dataDirectory ?? file.path.removingLastComponent(), in: file.system, logger: logger)
        use = dataDirectory.map { KeyUse(dataDirectory: $0, in: file.system) }
        state = Mutex(State(next: .now + Self.interval))
        try state.withLock { state throws(KeyFileError) in
            do throws(KeyFileError) {
                if servesOne, let index = try file.indexed() {
                    (state.index, state.next) = (index, .now)
                    return leaveMark()
                }
                try read(&state, writesIndex: servesOne)
            } catch {
                guard isRecovering || servesOne || state.ring == nil && state.status == nil else { throw error }
                logger.error("\(error). Until then every request is refused.")
                (state.ring, state.failure) = (KeyRing(), error)
            }
        }
    }

    /// Those keys in force among which a secret's is, if there is one; nil if there are no keys at all, so that the API is open.
    package func ring(for secret: String?) -> KeyRing? {
        guard let index = state.withLock(\.index) else { return ring }
        guard let secret else { return KeyRing() }
        do throws(KeyFileError) {
            return try index.ring(digest: APIKey.Secret(secret).digest)
        } catch {
            logger.error("\(error). The request is refused.")
            return KeyRing()
        }
    }

    /// True if one of the keys in force has an origin.
    package func hasOrigin(_ origin: String) -> Bool {
        guard let index = state.withLock(\.index) else { return ring?.origins.contains(TextKey(origin)) ?? false }
        do throws(KeyFileError) {
            return try index.hasOrigin(origin)
        } catch {
            logger.error("\(error)")
            return false
        }
    }

    /// Notes that a key is used.
    package func noteUse(of key: APIKey) { use?.note(key, now: Date()) }

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
                guard try file.status() != state.status || state.isYoung else { return state.ring }
                try read(&state)
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

    private func read(_ state: inout State, writesIndex: Bool = false) throws(KeyFileError) {
        let status = try file.status()
        // Seconds, in floating point, which cannot overflow whatever the file says.
        let age = status.map { Date().timeIntervalSince1970 - Double($0.modifiedSeconds) }
        (state.status, state.isYoung) = (status, age.map { (-3...3).contains($0) } ?? false)
        if let ring = writesIndex ? try file.readAndIndex() : try file.read() {
            state.ring = ring
            leaveMark()
        } else if state.ring != nil {
            throw KeyFileError(file.path, "is gone")
        } else if let mark, mark.withPlatformString({ access($0, F_OK) }) == 0 {
            throw KeyFileError(
                file.path, "is not there, but there were API keys. Make one, or remove \(mark) to open the API to everybody")
        }
    }

    private func leaveMark() {
        guard let mark, mark.withPlatformString({ access($0, F_OK) }) != 0 else { return }
        // A data directory that cannot be written takes no turns either.
        _ = try? File.create(mark, in: file.system)
    }
}
