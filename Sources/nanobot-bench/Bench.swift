import Harness

/// Measures one case: each program in turn behind nginx, with new sessions.
struct Bench {
    let programs: Programs
    let workspace: Workspace
    let webServer: WebServer
    let load: LoadGenerator

    /// Measures every program of a case once.
    func measure(_ results: inout CaseResults, round: Int, of rounds: Int) throws {
        for program in results.programs {
            let measurement = try measure(program, results.testCase)
            results.measurements[program, default: []].append(measurement)
            let errors = measurement.errors == 0 ? "" : ", \(measurement.errors) ERRORS"
            Progress.say(
                "round \(round)/\(rounds), \(results.testCase.name), \(program.name): "
                    + "\(measurement.requestsPerSecond.grouped) requests/s\(errors)")
        }
    }

    private func measure(_ program: Programs.Program, _ testCase: Case) throws -> Measurement {
        try workspace.clear()
        let responder = try programs.start(program, testCase.work)
        try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .milliseconds(1))
        let nginx = try webServer.start(.responder(keepsConnections: testCase.isKeptAlive))

        let before = try ProcessFigures(of: responder.processID)
        let outcome = try load.run(testCase.work, port: webServer.port)
        try responder.requireRunning()
        let after = try ProcessFigures(of: responder.processID)
        nginx.stop()
        responder.stop()
        return Measurement(
            requests: outcome.requests, requestsPerSecond: Double(outcome.requests) / outcome.seconds, p50: outcome.p50, p99: outcome.p99,
            cpuPerThousand: (after.cpuSeconds - before.cpuSeconds) / Double(max(outcome.requests, 1)) * 1000,
            memory: (before.residentMegabytes, after.residentMegabytes),
            errors: outcome.badAnswers + outcome.failures + (outcome.requests == 0 ? 1 : 0))
    }
}
