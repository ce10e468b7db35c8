import Harness
import Testing

/// What `nanobot doctor` printed.
struct Diagnosis: CustomStringConvertible {
    struct Diagnostic {
        var level: String
        var text: String
        /// The lines below it.
        var remedy: [String] = []
    }

    let status: Int
    let description: String
    private(set) var findings: [Diagnostic] = []

    /// Runs the doctor.
    init(_ home: TemporaryDirectory, _ arguments: [String], environment: [String: String] = [:], wrapper: [String] = []) async throws {
        let command = wrapper + [Nanobot.path, "doctor"] + arguments
        let outcome = try await Program.run(
            command[0], Array(command[1...]), environment: Nanobot.environment(home).merging(environment) { $1 })
        status = outcome.status
        description = String(decoding: outcome.standardOutput, as: UTF8.self) + outcome.standardError
        #expect(outcome.standardError == "")
        for line in description.split(separator: "\n") {
            if line.hasPrefix(" ") {
                findings[findings.count - 1].remedy.append(line.drop { $0 == " " }.description)
            } else {
                let level = line.prefix { $0 != " " }
                findings.append(Diagnostic(level: String(level), text: line.dropFirst(level.count).drop { $0 == " " }.description))
            }
        }
        for finding in findings { #expect(["ok", "warning", "problem"].contains(finding.level), "\(description)") }
    }

    var problems: [Diagnostic] { findings.filter { $0.level == "problem" } }

    /// What was found under a name, such as `session header`.
    func findings(_ name: String) -> [Diagnostic] { findings.filter { $0.text.hasPrefix(name + ":") } }

    /// Expects these problems and no others, and the exit status that goes with them. Gives the lines that mend them.
    @discardableResult
    func expectProblems(_ names: [String], sourceLocation: SourceLocation = #_sourceLocation) -> [String] {
        #expect(problems.map { String($0.text.prefix { $0 != ":" }) } == names, "\(description)", sourceLocation: sourceLocation)
        #expect(status == (names.isEmpty ? 0 : 1), sourceLocation: sourceLocation)
        for problem in problems { #expect(!problem.remedy.isEmpty, "\(problem)", sourceLocation: sourceLocation) }
        return problems.flatMap(\.remedy)
    }
}
