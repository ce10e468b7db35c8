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
        var least = Double.infinity
        for _ in 0..<3 {
            let start = nanoseconds()
            try work(size)
            least = min(least, nanoseconds() - start)
        }
        // Below this, the clock and caches decide.
        return max(least, 200_000)
    }
    return try cost(4 * size) / cost(size)
}

/// What `growth` stays below if the work is linear; generous, since other tests run beside it.
package let linearGrowth = 9.0
