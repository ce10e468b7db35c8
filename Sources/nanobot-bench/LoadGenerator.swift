import FoundationEssentials

/// wrk with one thread.
struct LoadGenerator {
    /// The results of one run of wrk.
    struct Outcome {
        var requests: Int
        var seconds: Double
        /// Milliseconds.
        var p50: Double
        var p99: Double
        /// Answers with a status above 399, as wrk counts them; neither program redirects.
        var badAnswers: Int
        /// Connections, reads and writes that failed or took longer than wrk's two seconds.
        var failures: Int
    }

    private let program: String
    private let connections: Int
    private let seconds: Int
    private let workspace: Workspace

    init(connections: Int, seconds: Int, workspace: Workspace) throws {
        program = try OwnedProcess.find("wrk", package: "wrk")
        (self.connections, self.seconds, self.workspace) = (connections, seconds, workspace)
    }

    /// Sends one case's requests for `seconds`.
    ///
    /// - Parameter prefix: the path before the API's paths.
    func run(_ work: Case.Work, port: Int, prefix: String = "") throws -> Outcome {
        let script = try workspace.write((work == .health ? Self.health(prefix) : Self.turns(prefix)) + Self.report, to: "load.lua")
        let output = "\(workspace.runtime)/load.txt"
        let wrk = try OwnedProcess(
            [program, "-t1", "-c\(connections)", "-d\(seconds)s", "--latency", "-s", script, "http://127.0.0.1:\(port)"], output: output)
        try wrk.waitForEnd(within: .seconds(seconds + 30))
        wrk.stop()
        let text = FileManager.default.contents(atPath: output).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let line = text.split(separator: "\n").last { $0.hasPrefix("outcome ") } ?? ""
        let numbers = line.split(separator: " ").dropFirst().compactMap { Double($0) }
        guard numbers.count == 6, numbers[1] > 0 else {
            throw Failure(description: "wrk did not say what it measured:\n\(text)")
        }
        return Outcome(
            requests: Int(numbers[0]), seconds: numbers[1] / 1e6, p50: numbers[2] / 1e3, p99: numbers[3] / 1e3,
            badAnswers: Int(numbers[4]), failures: Int(numbers[5]))
    }

    private static func health(_ prefix: String) -> String {
        """
        wrk.path = "\(prefix)/health"

        """
    }

    /// Makes the requests before the load, so that formatting them is not measured.
    private static func turns(_ prefix: String) -> String {
        """
        local requests, next_request = {}, 0
        function init()
            for turn = 0, 15 do
                for session = 1, \(Case.sessions) do
                    local question = string.format("Hello from session %d. What is %d + %d?", session, session, turn)
                    local body = string.format(
                        '{"model":"nanobot","messages":[{"role":"user","content":"%s"}]}', question)
                    local headers = { ["Content-Type"] = "application/json", ["x-session-key"] = "bench:" .. session }
                    table.insert(requests, wrk.format("POST", "\(prefix)/v1/chat/completions", headers, body))
                end
            end
        end
        function request()
            next_request = next_request % #requests + 1
            return requests[next_request]
        end

        """
    }

    /// Prints exact figures; wrk's own text rounds them.
    private static let report = """
        function done(summary, latency)
            local errors = summary.errors
            print(string.format("outcome %d %d %.1f %.1f %d %d", summary.requests, summary.duration,
                latency:percentile(50), latency:percentile(99), errors.status,
                errors.connect + errors.read + errors.write + errors.timeout))
        end

        """
}
