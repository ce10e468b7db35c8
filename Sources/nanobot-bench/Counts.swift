import ArgumentParser

/// A list of counts on the command line, such as `8,64`.
struct Counts: ExpressibleByArgument {
    var values: [Int]

    init(values: [Int]) { self.values = values }

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard !numbers.isEmpty, numbers.allSatisfy({ 1...100_000 ~= $0 }) else { return nil }
        values = numbers
    }

    var defaultValueDescription: String { values.map(String.init).joined(separator: ",") }
}
