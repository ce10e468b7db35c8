import FoundationEssentials
import Glibc
import Harness

/// A process that ends with its owner, and if it is tethered when this process dies, however it does.
struct OwnedProcess: ~Copyable {
    var processID: pid_t { child.processID }
    private let child: ChildProcess
    private let name: String
    private var isReaped = false

    /// Starts a program in a process group of its own: Ctrl-C reaches this process alone, which ends the others.
    ///
    /// - Parameters:
    ///   - command: the program's path and its arguments.
    ///   - environment: variables that replace this process's, of which it gets none of nanobot's settings.
    ///   - output: the file that takes standard output.
    ///   - isTethered: whether it ends when this process dies. A measured start must not contain the exec that this costs.
    init(_ command: [String], environment: [String: String] = [:], output: String = "/dev/null", isTethered: Bool = true) throws {
        name = command[0]
        let merged = ProcessInfo.processInfo.environment
            .filter { !$0.key.hasPrefix("NANOBOT_") }
            .merging(environment) { _, new in new }
        child = try ChildProcess(command, environment: merged, output: output, hasOwnGroup: true, isTethered: isTethered)
    }

    deinit {
        guard !isReaped else { return }
        child.send(SIGTERM)
        let deadline = ContinuousClock.now + .seconds(5)
        while !child.hasEnded {
            // With all that it started.
            if ContinuousClock.now > deadline { child.sendToGroup(SIGKILL) }
            usleep(500)
        }
        child.reap()
    }

    /// Ends it and waits for that.
    consuming func stop() {}

    /// Throws if it has ended.
    func requireRunning() throws {
        guard !child.hasEnded else { throw Failure(description: "\(name) ended by itself; its messages are above.") }
    }

    /// Returns once something listens on a loopback port. Throws if that takes longer than 10 s, or the process ends.
    func waitUntilListening(on port: Int, _ what: String) throws {
        let deadline = ContinuousClock.now + .seconds(10)
        while !SocketAddress.loopback(port).isAnswered {
            try requireRunning()
            guard ContinuousClock.now < deadline else {
                throw Failure(description: "\(what) does not listen on port \(port) after 10 s.")
            }
            try Interruption.pause(.milliseconds(5))
        }
    }

    /// Waits until it ends by itself. Throws if that takes longer than `limit`.
    func waitForEnd(within limit: Duration, poll: Duration = .milliseconds(100)) throws {
        let deadline = ContinuousClock.now + limit
        while !child.hasEnded {
            guard ContinuousClock.now < deadline else { throw Failure(description: "\(name) did not end within \(limit).") }
            try Interruption.pause(poll)
        }
    }

    /// Runs a program to its end and discards its output. Throws if its status is not 0.
    static func run(_ command: [String]) throws -> (seconds: Double, peakMegabytes: Double) {
        let begin = ContinuousClock.now
        var process = try OwnedProcess(command, isTethered: false)
        try process.waitForEnd(within: .seconds(3600), poll: .milliseconds(1))
        let seconds = (ContinuousClock.now - begin) / .seconds(1)
        let ending = process.child.reap()
        process.isReaped = true
        guard ending.status == 0 else { throw Failure(description: "\(command.joined(separator: " ")) failed.") }
        return (seconds, Double(ending.peakMemory) / 1e6)
    }

    /// Looks a program up. Throws if it is missing, naming Debian's package that has it.
    static func find(_ name: String, package: String) throws -> String {
        guard let path = ChildProcess.path(of: name, in: ProcessInfo.processInfo.environment["PATH"] ?? "") else {
            throw Failure(description: "The program \(name) is missing. Install it: apt-get install \(package).")
        }
        return path
    }
}
