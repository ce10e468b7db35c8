import Text

/// Metrics in the text format of Prometheus, version 0.0.4.
package struct Exposition {
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let descriptions: [MetricDescription]

    /// - Parameter descriptions: of all metrics, in the order of the text.
    package init(_ descriptions: [MetricDescription]) { self.descriptions = descriptions }

    /// The text. Samples of metrics that are not described are left out: an earlier version may have had them.
    ///
    /// - Parameters:
    ///   - samples: what `MetricsFile` has.
    ///   - gauges: the values of gauges by their names.
    package func text(_ samples: [(name: String, count: Int)], gauges: [(name: String, value: Int)] = []) -> String {
        let samples = samples.compactMap(Sample.init)
        var lines: [String] = []
        for description in descriptions {
            let values =
                switch description.kind {
                case .counter: Self.counter(description.name, samples)
                case .histogram: Self.histogram(description.name, samples)
                case .gauge: gauges.filter { $0.name == description.name }.map { "\($0.name) \($0.value)" }
                }
            guard !values.isEmpty else { continue }
            lines.append("# HELP \(description.name) \(description.help)")
            lines.append("# TYPE \(description.name) \(description.kind.rawValue)")
            lines += values
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// A sample's name, divided.
    private struct Sample {
        let metric: Substring
        /// The labels, without braces; empty if there are none.
        let labels: Substring
        let count: Int

        init?(_ name: String, _ count: Int) {
            self.count = count
            guard let brace = name.firstIndex(of: "{") else {
                (metric, labels) = (name[...], "")
                return
            }
            (metric, labels) = (name[..<brace], name[name.index(after: brace)...].dropLast())
            // One line that is damaged would spoil all the others for their reader.
            guard name.hasSuffix("}"), Self.areLabels(labels.utf8) else { return nil }
        }

        /// True for `name="value",…`, with `\\`, `\"` and `\n` in the values.
        private static func areLabels(_ text: Substring.UTF8View) -> Bool {
            var rest = text[...]
            while true {
                let name = rest.prefix { $0 == UInt8(ascii: "_") || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 }
                rest = rest.dropFirst(name.count)
                guard !name.isEmpty, rest.starts(with: "=\"".utf8) else { return false }
                rest = rest.dropFirst(2)
                var isClosed = false
                while !isClosed {
                    guard let byte = rest.popFirst() else { return false }
                    isClosed = byte == UInt8(ascii: "\"")
                    guard byte == UInt8(ascii: "\\") else { continue }
                    guard let escaped = rest.popFirst(), "\\\"n".utf8.contains(escaped) else { return false }
                }
                guard let separator = rest.popFirst() else { return true }
                guard separator == UInt8(ascii: ",") else { return false }
            }
        }
    }

    private static func counter(_ name: String, _ samples: [Sample]) -> [String] {
        samples.filter { $0.metric == name }.map { line(name, $0.labels, String($0.count)) }
    }

    private static func histogram(_ name: String, _ samples: [Sample]) -> [String] {
        let buckets = samples.filter { $0.metric == name + "_bucket" }.reduce(into: [TextKey: Int]()) { buckets, sample in
            buckets[TextKey(String(sample.labels))] = sample.count
        }
        return samples.filter { $0.metric == name + "_sum" }.flatMap { sum in
            var count = 0
            let lines = DurationHistogram.bounds.map { bound in
                let label = (sum.labels.isEmpty ? "" : sum.labels + ",") + "le=\"\(bound)\""
                let own = buckets[TextKey(label)] ?? 0
                count = count > .max - own ? .max : count + own
                return line(name + "_bucket", label[...], String(count))
            }
            let microseconds = String(sum.count % 1_000_000)
            let fraction = String(repeating: "0", count: 6 - microseconds.utf8.count) + microseconds
            return lines + [
                line(name + "_sum", sum.labels, "\(sum.count / 1_000_000).\(fraction)"), line(name + "_count", sum.labels, String(count)),
            ]
        }
    }

    private static func line(_ name: String, _ labels: Substring, _ value: String) -> String {
        labels.isEmpty ? "\(name) \(value)" : "\(name){\(labels)} \(value)"
    }
}
