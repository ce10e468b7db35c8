extension Int {
    /// The sum of two numbers that are not negative, or `Int.max`.
    func clampedSum(_ other: Int) -> Int {
        let (sum, overflows) = addingReportingOverflow(other)
        return overflows ? .max : sum
    }
}
