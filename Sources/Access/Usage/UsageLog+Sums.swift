import Files
import Glibc
import Logging
import SystemPackage
import Text

extension UsageLog {
    /// Sums usage: days in their order, and everything else by the most tokens first.
    ///
    /// It takes memory for the sums of a month by day, key and model, or for `UsageError.maximumSessions` sessions, however many turns there were.
    ///
    /// - Parameter executor: runs it; nil for the caller's.
    package func rows(_ query: UsageQuery, on executor: (any TaskExecutor)? = nil) async throws -> [UsageRow] {
        try await withTaskExecutorPreference(executor) {
            var sums = UsageSums()
            for month in try months().filter(query.includes(month:)) {
                if query.grouping == .session {
                    try await addSessions(of: month, query, to: &sums)
                } else {
                    for row in try await sum(month).rows where query.includes(day: row.day) {
                        guard query.key.map({ $0 == row.key }) ?? true else { continue }
                        switch query.grouping {
                        case .key, .session: sums.add(row.amount, to: row.key)
                        case .day: sums.add(row.amount, to: row.day)
                        case .model: sums.add(row.amount, to: row.model)
                        }
                    }
                }
            }
            if query.grouping == .day { return sums.rows.sorted { ($0.name ?? "") < ($1.name ?? "") } }
            return sums.rows.sorted { left, right in
                let (less, more) = (left.amount.totalTokens, right.amount.totalTokens)
                return less == more ? (left.name ?? "") < (right.name ?? "") : less > more
            }
        }
    }

    /// The months that have lines, in order.
    private func months() throws(UsageError) -> [String] {
        var months: [String] = []
        do throws(Errno) {
            try system.visitNames(in: directory, from: 0) { name, _ in
                let month = name.prefix(7)
                if name == month + Self.linesExtension, month.utf8.elementsEqual(Self.pattern, by: Self.matches) {
                    months.append(String(month))
                }
                return true
            }
        } catch {
            guard error == .noSuchFileOrDirectory else { throw .unreadable("\(directory): \(error)") }
        }
        return months.sorted { $0 < $1 }
    }

    static let linesExtension = ".jsonl"
    private static let pattern = "0000-00".utf8

    private static func matches(_ byte: UInt8, _ pattern: UInt8) -> Bool {
        pattern == UInt8(ascii: "0") ? UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte : byte == pattern
    }

    // MARK: A month

    /// The sums of a month: those that are stored, and the lines that came after.
    private func sum(_ month: String) async throws -> UsageMonth {
        let path = directory.appending(month + Self.linesExtension)
        let file = try lines(at: path)
        var sums = try stored(month, linesIn: file) ?? UsageMonth()
        let start = sums.byteCount
        var lines = UsageLines(file, from: start)
        while let next = try attempt(path, { () throws(Errno) in try lines.next() }) {
            for line in next { sums.add(line) }
            await Task.yield()
            try Task.checkCancellation()
        }
        sums.byteCount = lines.position
        sums.unreadableCount = sums.unreadableCount.clampedSum(lines.unreadableCount)
        if sums.unreadableCount > 0 {
            logger.warning("\(sums.unreadableCount) lines of \(path) are no lines of usage, and are not counted")
        }
        if sums.byteCount - start >= storedStep { store(sums, month) }
        return sums
    }

    /// Opens the lines of a month. A device would have no end.
    private func lines(at path: FilePath) throws(UsageError) -> File {
        let file = try attempt(path) { () throws(Errno) in try File(path, O_RDONLY, in: system) }
        guard try attempt(path, { () throws(Errno) in try file.status() }).isRegular else { throw .unreadable("\(path) is no file") }
        return file
    }

    /// In bytes: a month of 10,000 keys that use ten models each day has half of it.
    private static let maximumSumsSize = 1 << 30

    private func sumsPath(_ month: String) -> FilePath { directory.appending(month + ".sums.json") }

    /// The stored sums of a month; nil if there are none of these lines.
    private func stored(_ month: String, linesIn file: borrowing File) throws(UsageError) -> UsageMonth? {
        let path = sumsPath(month)
        return try attempt(path) { () throws(Errno) in
            guard try system.statusIfThere(path) != nil else { return nil }
            let stored = try File(path, O_RDONLY, in: system)
            let status = try stored.status()
            guard status.isRegular, status.size <= Self.maximumSumsSize, let sums = UsageMonth(try stored.read(0..<status.size)) else {
                return nil
            }
            // Somebody may have replaced the lines.
            guard sums.byteCount > 0, sums.byteCount <= (try file.status().size) else { return nil }
            let end = try file.read(sums.byteCount - 1..<sums.byteCount)
            return end == [UInt8(ascii: "\n")] ? sums : nil
        }
    }

    /// Stores the sums of a month, unless another process does. If it fails they are made again.
    private func store(_ sums: UsageMonth, _ month: String) {
        let path = sumsPath(month)
        do throws(Errno) {
            let lock = try File.openOrCreate(directory.appending("sums.lock"), in: system)
            try system.setLock(lock.descriptor, at: 0, isHeld: true)
            try File.replace(path, by: sums.serialized, in: system)
        } catch {
            if error != .resourceTemporarilyUnavailable { logger.warning("The sums of usage cannot be stored in \(path): \(error)") }
        }
    }

    private func addSessions(of month: String, _ query: UsageQuery, to sums: inout UsageSums) async throws {
        let path = directory.appending(month + Self.linesExtension)
        var lines = UsageLines(try lines(at: path), from: 0)
        while let next = try attempt(path, { () throws(Errno) in try lines.next() }) {
            for line in next where query.includes(day: line.day) && query.key.map({ $0 == line.key }) ?? true {
                sums.add(line.amount, to: line.session)
            }
            guard sums.rows.count <= UsageError.maximumSessions else { throw UsageError.tooManySessions }
            await Task.yield()
            try Task.checkCancellation()
        }
    }

    private func attempt<Result: ~Copyable>(_ path: FilePath, _ body: () throws(Errno) -> Result) throws(UsageError) -> Result {
        do throws(Errno) {
            return try body()
        } catch {
            throw .unreadable("\(path): \(error)")
        }
    }
}

/// Sums by one name.
private struct UsageSums {
    private(set) var rows: [UsageRow] = []
    private var places: [TextKey: Int] = [:]
    /// The place of what has no name.
    private var unnamed: Int?

    mutating func add(_ amount: UsageAmount, to name: String?) {
        if let place = name.map({ places[TextKey($0)] }) ?? unnamed {
            rows[place].amount += amount
            return
        }
        if let name { places[TextKey(name)] = rows.count } else { unnamed = rows.count }
        rows.append(UsageRow(name: name, amount: amount))
    }
}
