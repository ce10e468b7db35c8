import Concurrency
import Crypto
import Files
import FoundationEssentials
import Glibc
import JSON
import SystemPackage
import Text

/// What is said by turns for which nobody waits, in a file for each: any process reads it, while the turn runs and later (FORMAT.md,
/// "Turns in the background").
package struct BackgroundFiles: Sendable {
    let directory: FilePath
    let system: any FileSystem
    /// False if what a file says when it is created may be lost in a power cut.
    let synchronizes: Bool
    /// When this process last removed old files.
    private let lastPruning = Mutex<ContinuousClock.Instant?>(nil)

    /// How long a file is kept after the last write.
    private static let period: TimeInterval = 86_400
    private static let cancelledExtension = ".cancelled"

    init(directory: FilePath, system: any FileSystem, synchronizes: Bool) {
        (self.directory, self.system, self.synchronizes) = (directory, system, synchronizes)
    }

    /// Creates the file of a turn that begins.
    ///
    /// - Parameters:
    ///   - name: letters and digits.
    ///   - bytes: what the turn has said.
    package func create(_ name: String, of session: SessionKey, _ bytes: [UInt8]) throws(SessionError) -> BackgroundWriter {
        pruneIfDue()
        let path = directory.appending(name)
        let temporary = directory.appending(Identifier.make(prefix: SessionWriter.temporaryPrefix))
        try attempt("create the directory \(directory)") { () throws(Errno) in try system.ensureDirectory(directory) }
        let writer = try attempt("create \(path)") { () throws(Errno) in
            let file = try File.create(temporary, in: system)
            do throws(Errno) {
                let start = Array(": \(session)\n\n".utf8) + bytes
                try file.write(start, at: 0)
                // Before it has its name: who finds it free takes its process for dead.
                try system.setLock(file.descriptor, at: 0, isHeld: true)
                if synchronizes { try file.synchronize() }
                try system.rename(temporary, to: path)
                return BackgroundWriter(file, path, end: start.count)
            } catch {
                try? system.unlink(temporary)
                throw error
            }
        }
        if synchronizes { try SessionWriter.synchronize(directory, in: system) }
        return writer
    }

    /// Opens the file of a turn; nil if there is none.
    package func open(_ name: String) throws(SessionError) -> BackgroundReader? {
        for path in [directory.appending(name), directory.appending(name + Self.cancelledExtension)] {
            do throws(Errno) {
                return try BackgroundReader(File(path, O_RDONLY, in: system), isCancelled: path.string.hasSuffix(Self.cancelledExtension))
            } catch {
                guard error == .noSuchFileOrDirectory else { throw SessionError("open \(path)", error) }
            }
        }
        return nil
    }

    /// Gives the file of a turn another name, too. Where there are no links it has one name.
    ///
    /// - Returns: false if a turn that runs has the other name.
    package func link(_ name: String, to other: String) throws(SessionError) -> Bool {
        for _ in 1...3 {
            do throws(Errno) {
                try system.link(directory.appending(name), to: directory.appending(other))
                return true
            } catch {
                guard error == .fileExists else { return true }
            }
            if let reader = try open(other), try reader.isRunning() { return false }
            remove(other)
        }
        return true
    }

    /// Asks whoever works on a turn to stop.
    package func cancel(_ name: String) throws(SessionError) {
        let path = directory.appending(name)
        do throws(Errno) {
            try system.rename(path, to: directory.appending(name + Self.cancelledExtension))
        } catch {
            guard error == .noSuchFileOrDirectory else { throw SessionError("rename \(path)", error) }
        }
    }

    /// Removes the file of a turn, if there is one.
    package func remove(_ name: String) {
        for name in [name, name + Self.cancelledExtension] { try? system.unlink(directory.appending(name)) }
    }

    /// Removes the files of a session's turns.
    ///
    /// - Parameter turn: of this turn only; nil for all of them.
    func remove(of session: SessionKey, _ turn: Turn? = nil) {
        guard turn.map({ $0.response?.member("background") == true }) ?? true else { return }
        let start = turn.map { $0.id.dropFirst(Turn.idPrefix.utf8.count).prefix(Self.turnLength) } ?? ""
        let locator = SessionLocator(session).description
        removeFiles { name in
            let stem = name.hasSuffix(Self.cancelledExtension) ? name.dropLast(Self.cancelledExtension.utf8.count) : name[...]
            return stem.hasPrefix(start) && stem.hasSuffix(locator)
        }
    }

    /// How much of a turn's id a file's name begins with.
    private static let turnLength = 20

    /// Removes the files with such names.
    private func removeFiles(_ isWanted: (String) -> Bool) {
        var names: [String] = []
        try? system.visitNames(in: directory, from: 0) { name, _ in
            if isWanted(name) { names.append(name) }
            return true
        }
        for name in names { try? system.unlink(directory.appending(name)) }
    }

    /// Removes the files that are old, once an hour.
    func pruneIfDue() {
        let now = ContinuousClock.now
        let isDue = lastPruning.withLock { last in
            guard last.map({ $0 + .seconds(3600) <= now }) ?? true else { return false }
            last = now
            return true
        }
        guard isDue else { return }
        let limit = Date(timeIntervalSinceNow: -Self.period)
        removeFiles { name in
            guard let status = try? system.status(at: directory.appending(name)) else { return false }
            return status.isRegular && status.modified < limit
        }
    }
}
