import Concurrency
import Files
import FoundationEssentials
import Logging
import SystemPackage

/// What one key has used, in a file that is open. One thread of a process changes it at a time, and one process.
final class LimitFile: Sendable {
    private let file: File
    private let id: String
    private let logger: Logger
    private let now: @Sendable () -> Date
    /// The places among the key's chats that this process has.
    private let places = Mutex<Set<Int>>([])
    private let pending = Mutex(Pending())
    /// Writes settlements a little later; nil if each is written at once.
    private let executor: (any TaskExecutor)?
    /// Its value says nothing: one of no size, `()`, would have the address of the mutex's own pointer, and Thread Sanitizer would report that.
    private let isChanging = Mutex(false)

    /// How long settlements wait for the next request of the key, which writes them with its own counts.
    private static let patience = Duration.seconds(1)
    /// Where the lock is that a process has while it changes the counts. Those of the places follow.
    private static let changeLock: Int64 = 1 << 20

    /// What this process has not written yet.
    fileprivate struct Pending {
        var settlements: [Settlement] = []
        /// True if they are going to be written without another request.
        var isSettlingSoon = false
    }

    /// What a turn used, in place of what it had reserved.
    struct Settlement {
        var amount: LimitAmount
        var reserved: LimitAmount
        var periods: LimitPeriods
    }

    init(
        _ file: consuming File, of id: String, executor: (any TaskExecutor)?, logger: Logger, now: @escaping @Sendable () -> Date
    ) {
        self.file = file
        (self.id, self.executor, self.logger, self.now) = (id, executor, logger, now)
    }

    /// True unless the file was removed, or replaced.
    func isStill(at path: FilePath) throws(Errno) -> Bool {
        let (there, open) = (try file.system.statusIfThere(path), try file.status())
        return there.map { $0.inode == open.inode && $0.device == open.device } ?? false
    }

    /// What the key has used, as far as is known: another process may be changing it.
    var counts: LimitCounts {
        let seconds = seconds
        var counts = (try? file.read(0..<LimitCounts.size)).flatMap(LimitCounts.init) ?? LimitCounts(at: seconds)
        _ = counts.advance(to: seconds)
        _ = pending.withLock { $0.settle(&counts) }
        return counts
    }

    /// Settles with the next change, or within a second: a busy key has one write for each request.
    ///
    /// What cannot be written stays reserved until the period ends.
    func settle(_ settlement: Settlement) {
        pending.withLock { $0.settlements.append(settlement) }
        settleSoon()
    }

    private func settleSoon() {
        guard let executor else { return settle() }
        let isFirst = pending.withLock { pending in
            defer { pending.isSettlingSoon = true }
            return !pending.isSettlingSoon
        }
        guard isFirst else { return }
        Task(executorPreference: executor) {
            try? await Task.sleep(for: Self.patience)
            self.pending.withLock { $0.isSettlingSoon = false }
            self.settle()
        }
    }

    /// True if something is not settled yet.
    var isUnsettled: Bool { pending.withLock { !$0.settlements.isEmpty } }

    /// Writes what is not settled yet.
    func settle() {
        if isUnsettled { try? change { _ in } }
    }

    /// Changes what the key has used. If `change` throws, nothing is changed.
    func change<Result>(_ change: (inout LimitCounts) throws(LimitError) -> Result) throws(LimitError) -> Result {
        try isChanging.withLock { _ throws(LimitError) in
            let bytes = try attempt { () throws(Errno) in
                guard try file.waitForLock(at: Self.changeLock, upTo: .seconds(2)) else { throw .resourceTemporarilyUnavailable }
                return try file.read(0..<LimitCounts.size)
            }
            defer { try? file.system.setLock(file.descriptor, at: Self.changeLock, isHeld: false) }
            let seconds = seconds
            let stored = LimitCounts(bytes)
            if stored == nil, !bytes.isEmpty { logger.warning("What was counted for the API key \(id) cannot be read, and begins anew") }
            var counts = stored ?? LimitCounts(at: seconds)
            if !counts.advance(to: seconds) {
                logger.warning("The clock was set back, so that limits of the API key \(id) begin anew")
            }
            let hasSettled = pending.withLock { pending in
                defer { pending.settlements = [] }
                return pending.settle(&counts)
            }
            let settled = counts
            do throws(LimitError) {
                let result = try change(&counts)
                try write(counts)
                return result
            } catch {
                if hasSettled { try write(settled) }
                throw error
            }
        }
    }

    private func write(_ counts: LimitCounts) throws(LimitError) {
        try attempt { () throws(Errno) in try file.write(counts.serialized, at: 0) }
    }

    /// Takes one of the key's places for chats at once. It is free again when the process ends, however it ends.
    ///
    /// - Returns: nil if none is free.
    func takePlace(of count: Int) throws(LimitError) -> Int? {
        var place = -1
        while true {
            // Without the mutex while the system is asked: other threads ask, too.
            let next = places.withLock { places in
                let next = (place + 1..<max(count, place + 1)).first { !places.contains($0) }
                if let next { places.insert(next) }
                return next
            }
            guard let next else { return nil }
            place = next
            do throws(Errno) {
                try file.system.setLock(file.descriptor, at: lock(place), isHeld: true)
                return place
            } catch {
                // Another process has it.
                _ = places.withLock { $0.remove(place) }
                if error != .resourceTemporarilyUnavailable { try attempt { () throws(Errno) in throw error } }
            }
        }
    }

    func free(place: Int) {
        try? file.system.setLock(file.descriptor, at: lock(place), isHeld: false)
        _ = places.withLock { $0.remove(place) }
    }

    private func lock(_ place: Int) -> Int64 { Self.changeLock + 1 + Int64(place) }

    private var seconds: Int { Int(max(0, min(now().timeIntervalSince1970, 1e12))) }

    private func attempt<Result: ~Copyable>(_ body: () throws(Errno) -> Result) throws(LimitError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            logger.error("What the API key \(id) has used can be neither read nor written: \(error)")
            throw .unavailable
        }
    }
}

extension LimitFile.Pending {
    /// Counts what turns used in place of what they had reserved.
    ///
    /// - Returns: false if there is nothing to settle.
    fileprivate func settle(_ counts: inout LimitCounts) -> Bool {
        for settlement in settlements {
            counts.remove(settlement.reserved, reservedIn: settlement.periods)
            counts.add(settlement.amount)
        }
        return !settlements.isEmpty
    }
}
