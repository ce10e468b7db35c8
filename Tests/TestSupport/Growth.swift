import Glibc

/// A letter and a run of mixed combining marks, which normalising comparison sorts in quadratic time.
package func mixedMarks(_ count: Int, after letter: String = "m") -> String {
    letter + String(repeating: "\u{301}", count: count) + String(repeating: "\u{334}", count: count)
}

/// By how much the processor time of some work grows if its size does fourfold: about 4 if it is linear, 16 if it is quadratic.
///
/// - Parameter work: runs on the calling thread alone.
package func growth(from size: Int, _ work: (_ size: Int) throws -> Void) rethrows -> Double {
    func nanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
    func cost(_ size: Int) throws -> Double {
        let start = nanoseconds()
        try work(size)
        // Below this, the clock and caches decide.
        return max(nanoseconds() - start, 200_000)
    }
    var least = try cost(size)
    for _ in 0..<2 { least = min(least, try cost(size)) }
    var growth = Double.infinity
    // The large size takes most of the time, and is repeated only while it may be other tests that made it slow.
    for _ in 0..<3 where growth >= linearGrowth { growth = min(growth, try cost(4 * size) / least) }
    return growth
}

/// What `growth` stays below if the work is linear; generous, since other tests run beside it.
package let linearGrowth = 9.0
