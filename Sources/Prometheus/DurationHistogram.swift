import Concurrency
import CoreMetrics

/// Counts durations by size. A count stands for its own bucket only; the exposition adds them up.
final class DurationHistogram: TimerHandler {
    /// The upper bounds of the buckets, in seconds: from a request for a page to a turn's time limit.
    static let bounds = ["0.005", "0.025", "0.1", "0.5", "1", "2.5", "5", "10", "30", "60", "120", "+Inf"]
    private static let nanoseconds = bounds.map { bound in Double(bound).map { $0 * 1e9 } ?? .infinity }

    private let label: String
    private let dimensions: [(String, String)]
    private let registry: MetricsRegistry
    /// The places of the buckets' samples, once they were used: a process over CGI uses one.
    private let places = Mutex([Int?](repeating: nil, count: bounds.count))
    /// The place of the sum, in microseconds.
    private let sum: Int

    init(_ label: String, _ dimensions: [(String, String)], of registry: MetricsRegistry) {
        (self.label, self.dimensions, self.registry) = (label, dimensions, registry)
        sum = registry.place(of: SampleName(label + "_sum", dimensions).text)
    }

    func recordNanoseconds(_ duration: Int64) {
        let bucket = Self.nanoseconds.firstIndex { Double(duration) <= $0 } ?? Self.bounds.count - 1
        let place = places.withLock { places in
            if let place = places[bucket] { return place }
            let place = registry.place(of: SampleName(label + "_bucket", dimensions + [("le", Self.bounds[bucket])]).text)
            places[bucket] = place
            return place
        }
        registry.add(1, to: place)
        registry.add(Int(max(0, duration) / 1000), to: sum)
    }
}
