import Crypto
import Sessions
import Text

/// Checks that of two clients of one file system each sees at once what the other does, and that a lock of one keeps out the other.
struct PeerCheck {
    let here: any PeerSide
    let there: any PeerSide
    /// The lines that mend a file system that fails.
    let fix: [String]
    /// How long to wait for what is not seen at once.
    var patience = Duration.seconds(5)

    /// In milliseconds.
    private static let largestClockDifference = 1000

    /// How often each side appends.
    private static let rounds = 8

    func diagnostics() async -> [Diagnostic] {
        var diagnostics: [Diagnostic] = []
        for (name, check) in [("names", names), ("appends", appends), ("locks", locks), ("clocks", clocks)] {
            do {
                diagnostics += try await check()
            } catch let error as PeerError {
                diagnostics.append(.problem("\(name): \(error)", error.fix.isEmpty ? fix : error.fix))
            } catch {
                diagnostics.append(.problem("\(name): \(error)", fix))
            }
        }
        return diagnostics
    }

    private var directions: [(any PeerSide, any PeerSide)] { [(here, there), (there, here)] }

    /// What a side has to see.
    private enum Expectation {
        /// The file's content; nil if there is to be none.
        case content([UInt8]?)
        case freeLock

        func isMet(by view: PeerView) -> Bool {
            switch self {
            case .content(let bytes): view.size == bytes?.count && view.digest == bytes.map { SHA256.hexadecimal(of: $0) }
            case .freeLock: !view.isLocked
            }
        }
    }

    // MARK: Names

    /// A new file, one that takes the place of another, and none: each where the reader has just looked.
    private func names() async throws -> [Diagnostic] {
        var late: [Diagnostic] = []
        let steps: [(PeerProbe.Action, String)] = [
            (.replace, "a file that was made"), (.replace, "a file that was renamed over another"), (.remove, "the removal of a file"),
        ]
        for (writer, reader) in directions {
            _ = try await writer.perform(.remove)
            // A host may remember that there is no file.
            _ = try await reader.perform(.view)
            for (action, what) in steps {
                let written = try await writer.perform(action)
                guard let delay = try await delay(reader, .content(written.line.map { Array($0.utf8) })) else { continue }
                let consequence = "a turn there goes on from an older session, or makes a second one"
                late.append(
                    .problem("names: \(what) \(writer.place) is not seen at once \(reader.place) (\(delay)): \(consequence)", fix))
            }
        }
        return late.isEmpty ? [.ok("names: new, renamed and removed files are seen at once on both sides")] : late
    }

    // MARK: Appends

    private func appends() async throws -> [Diagnostic] {
        var content = Array((try await here.perform(.replace).line ?? "").utf8)
        // Whether that is seen at once, `names` tells.
        _ = try await delay(there, .content(content))
        var (late, overwritten) = ([Diagnostic](), [Diagnostic]())
        for round in 1...Self.rounds where overwritten.isEmpty {
            for (writer, reader) in directions where overwritten.isEmpty {
                let written = try await writer.perform(.append)
                content += (written.line ?? "").utf8
                // Lines are of one length: at an old end one takes the place of another.
                guard written.size == content.count else {
                    let text = "appends: what was added \(writer.place) overwrote what had been added \(reader.place): turns are lost"
                    overwritten.append(.problem(text, fix))
                    continue
                }
                // After the first round it goes on without waiting, as turns do.
                let delay = try await delay(reader, .content(content), within: round == 1 ? patience : .zero)
                guard let delay, round == 1 || late.isEmpty else { continue }
                late.append(
                    .problem(
                        "appends: what is added \(writer.place) is not seen at once \(reader.place)\(round == 1 ? " (\(delay))" : ""): "
                            + "a turn there would overwrite it", fix))
            }
        }
        let problems = late + overwritten
        guard problems.isEmpty else { return problems }
        return [.ok("appends: of \(2 * Self.rounds) on both sides in turn each was seen at once on the other")]
    }

    // MARK: Locks

    private func locks() async throws -> [Diagnostic] {
        var problems: [Diagnostic] = []
        for (holder, other) in directions {
            var excludes: Bool?
            // An answer may take so long that the lock has gone meanwhile.
            for _ in 1...3 where excludes == nil { excludes = try await holder.whileLocked { try await other.perform(.view).isLocked } }
            switch excludes {
            case nil: problems.append(.problem("locks: one could not be held long enough \(holder.place)", fix))
            case false?:
                let text = "locks: one that is held \(holder.place) does not keep out \(other.place): two turns of one session run at once"
                problems.append(.problem(text, fix))
            case true?:
                guard let delay = try await delay(other, .freeLock) else { continue }
                problems.append(.problem("locks: one that was freed \(holder.place) is not free at once \(other.place) (\(delay))", fix))
            }
        }
        return problems.isEmpty ? [.ok("locks: one that is held on either side keeps out the other, and is free again at once")] : problems
    }

    // MARK: Clocks

    private func clocks() async throws -> [Diagnostic] {
        var best: (difference: Int, uncertainty: Int)?
        for _ in 1...5 {
            let before = try await here.perform(.view).milliseconds
            let other = try await there.perform(.view).milliseconds
            let after = try await here.perform(.view).milliseconds
            let (sum, isTooFar) = other.subtractingReportingOverflow((before + after) / 2)
            if isTooFar { throw PeerError(description: "what is \(there.place) has no time of day") }
            let uncertainty = (after - before) / 2
            if uncertainty < best?.uncertainty ?? .max { best = (sum, uncertainty) }
        }
        let (difference, uncertainty) = best ?? (0, 0)
        let direction = difference < 0 ? "behind" : "ahead"
        let text = "clocks: the one \(there.place) is \(difference.magnitude) ms \(direction), give or take \(uncertainty) ms"
        guard difference.magnitude > Self.largestClockDifference + uncertainty else { return [.ok(text)] }
        return [
            .warning(
                text + "; times in sessions, API keys' limits and the removal of old sessions go by it",
                ["timedatectl set-ntp true    # on both hosts"])
        ]
    }

    /// How long it takes until a side sees something; nil if it does at once.
    private func delay(_ side: any PeerSide, _ expectation: Expectation, within limit: Duration? = nil) async throws -> String? {
        if expectation.isMet(by: try await side.perform(.view)) { return nil }
        let start = ContinuousClock.now
        let limit = limit ?? patience
        repeat {
            try await Task.sleep(for: min(limit, .milliseconds(50)))
            if expectation.isMet(by: try await side.perform(.view)) { return "but after \(Self.shown(ContinuousClock.now - start))" }
        } while ContinuousClock.now - start < limit
        return "nor after \(Self.shown(limit))"
    }

    private static func shown(_ duration: Duration) -> String { "\((duration / .milliseconds(100)).rounded() / 10) s" }
}
