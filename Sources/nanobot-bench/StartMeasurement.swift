import Harness

/// The responder's start time and idle memory, without a web server.
struct StartMeasurement {
    static let name = "start"
    static let repetitions = 20

    /// Milliseconds from before posix_spawn(3) to the first answered `/health`, per start.
    var times: [Double]
    /// Megabytes after that answer, per start.
    var memory: [Double]

    static func run(_ programs: Programs, _ workspace: Workspace) throws -> [(program: Programs.Program, StartMeasurement)] {
        let measured: [Programs.Program] = [.nanobot, .reference(threads: 8)]
        return try measured.map { program in
            var measurement = StartMeasurement(times: [], memory: [])
            for _ in 0..<repetitions {
                try workspace.clear()
                let begin = ContinuousClock.now
                let responder = try programs.start(program, .health, isTethered: false)
                try FastCGIClient.waitUntilHealthy(socket: workspace.socket, responder, poll: .microseconds(100))
                measurement.times.append((ContinuousClock.now - begin) / .milliseconds(1))
                measurement.memory.append(try ProcessFigures(of: responder.processID).residentMegabytes)
                responder.stop()
            }
            return (program, measurement)
        }
    }
}
