import Testing

@testable import Prometheus

@Suite("The text format of Prometheus")
struct ExpositionTests {
    private let exposition = Exposition([
        MetricDescription("a_total", .counter, "Of a."), MetricDescription("t_seconds", .histogram, "Time."),
        MetricDescription("free", .gauge, "Room."),
    ])

    @Test("samples are grouped under their descriptions; what is not described, or no sample, is left out")
    func counters() {
        let text = exposition.text(
            [("other", 1), ("a_total", 2), ("a_totals", 3), ("a_total{x=\"}{ 1\"}", 4), ("a_total{", 5)], gauges: [("free", -1), ("b", 2)])
        #expect(
            text == """
                # HELP a_total Of a.
                # TYPE a_total counter
                a_total 2
                a_total{x="}{ 1"} 4
                # HELP free Room.
                # TYPE free gauge
                free -1

                """)
    }

    @Test(
        "a name whose labels are damaged is left out",
        arguments: [
            "{}", "{x}", "{x=}", "{x=\"}", "{x=\"1\",}", "{x=\"1\"y=\"2\"}", "{x=\"\\\"}", "{x=\"\\a\"}", "{=\"1\"}", "{x=\"1\"}}", "{x=1}",
            "{x=\"1}",
        ])
    func damaged(labels: String) {
        #expect(exposition.text([("a_total" + labels, 1)]) == "")
        #expect(exposition.text([("a_total" + labels, 1), ("a_total{x=\"\\\\\\\"\\n\",y=\"\"}", 1)]).split(separator: "\n").count == 3)
    }

    @Test("buckets count what is below their bounds, and the sum is in seconds")
    func histograms() {
        let text = exposition.text([
            ("t_seconds_bucket{r=\"1\",le=\"0.1\"}", 2), ("t_seconds_sum{r=\"1\"}", 61_000_042),
            ("t_seconds_bucket{r=\"1\",le=\"+Inf\"}", 1), ("t_seconds_sum", 7), ("t_seconds_bucket{le=\"120\"}", .max),
            ("t_seconds_bucket{le=\"+Inf\"}", 1),
        ])
        let lines = text.split(separator: "\n")
        #expect(lines.prefix(2) == ["# HELP t_seconds Time.", "# TYPE t_seconds histogram"])
        for line in [
            "t_seconds_bucket{r=\"1\",le=\"0.025\"} 0", "t_seconds_bucket{r=\"1\",le=\"0.1\"} 2", "t_seconds_bucket{r=\"1\",le=\"120\"} 2",
            "t_seconds_bucket{r=\"1\",le=\"+Inf\"} 3", "t_seconds_sum{r=\"1\"} 61.000042", "t_seconds_count{r=\"1\"} 3",
            "t_seconds_sum 0.000007", "t_seconds_bucket{le=\"60\"} 0",
        ] {
            #expect(lines.contains(line[...]))
        }
        #expect(lines.count == 2 + 2 * (DurationHistogram.bounds.count + 2))
    }
}
