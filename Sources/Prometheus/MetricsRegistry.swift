import Concurrency
package import CoreMetrics
package import Logging
import SystemPackage
import Text

/// Counts for swift-metrics, and adds what was counted to a file that all processes share.
///
/// Counters and timers only: gauges of several processes cannot be added.
package final class MetricsRegistry: MetricsFactory {
    private struct State {
        var names: [String] = []
        var places: [TextKey: Int] = [:]
        /// What is not in the file yet, in the order of `names`.
        var pending: [Int] = []
        var isFlushExpected = false
        /// Why the file could not be changed; nil if it could.
        var failure: Errno?
    }

    package let file: MetricsFile
    private let logger: Logger
    private let executor: (any TaskExecutor)?
    private let state = Mutex(State())

    /// How long counts wait in memory.
    private static let interval = Duration.seconds(1)
    /// The most samples of one process. Clients cannot choose their labels, so that this many are a mistake in the program.
    private static let maximumCount = 4096

    /// - Parameter executor: writes to the file each second if there is something; nil if only `flush` does, in a process of one request.
    package init(_ file: MetricsFile, executor: (any TaskExecutor)?, logger: Logger) {
        (self.file, self.executor, self.logger) = (file, executor, logger)
    }

    /// Adds what was counted to the file. If that fails it is tried again with what comes next.
    package func flush() {
        let changes = state.withLock { state in
            state.isFlushExpected = false
            defer { state.pending = Array(repeating: 0, count: state.pending.count) }
            return zip(state.names, state.pending).filter { $0.1 != 0 }.map { (name: $0.0, amount: $0.1) }
        }
        guard !changes.isEmpty else { return }
        do throws(Errno) {
            try file.add(changes)
            state.withLock { $0.failure = nil }
        } catch {
            for change in changes { add(change.amount, to: place(of: change.name), isNew: false) }
            let isKnown = state.withLock { state in
                defer { state.failure = error }
                return state.failure == error
            }
            if !isKnown { logger.warning("The metrics cannot be kept in \(file.path): \(error)") }
        }
    }

    /// The place of a sample among those of this process.
    func place(of name: String) -> Int {
        state.withLock { state in
            if let place = state.places[TextKey(name)] { return place }
            guard state.names.count < Self.maximumCount else { return -1 }
            state.places[TextKey(name)] = state.names.count
            state.names.append(name)
            state.pending.append(0)
            return state.names.count - 1
        }
    }

    /// - Parameter isNew: false if it has been counted before.
    func add(_ amount: Int, to place: Int, isNew: Bool = true) {
        guard place >= 0, amount > 0 else { return }
        let begins = state.withLock { state in
            let (sum, overflows) = state.pending[place].addingReportingOverflow(amount)
            state.pending[place] = overflows ? .max : sum
            guard isNew, executor != nil, !state.isFlushExpected else { return false }
            state.isFlushExpected = true
            return true
        }
        guard begins else { return }
        Task(executorPreference: executor) { [weak self] in
            try? await Task.sleep(for: Self.interval)
            self?.flush()
        }
    }

    // MARK: MetricsFactory

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        SampleCounter(place(of: SampleName(label, dimensions).text), of: self)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        DurationHistogram(label, dimensions, of: self)
    }

    package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }

    // What was counted stays.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
}

private final class SampleCounter: CounterHandler {
    private let place: Int
    private let registry: MetricsRegistry

    init(_ place: Int, of registry: MetricsRegistry) { (self.place, self.registry) = (place, registry) }

    func increment(by amount: Int64) { registry.add(Int(amount), to: place) }

    /// What other processes have counted cannot be taken back.
    func reset() {}
}
