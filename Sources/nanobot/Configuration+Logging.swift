import Concurrency
import Configuration
import Glibc
import Logging
import SystemPackage

extension Configuration {
    /// A logger with the configured level, format and file. Crash reports get the same format and go to the same file.
    func logger() throws -> Logger {
        let level = Logger.Level(try self[.logLevel])
        let isJSON = try self[.logFormat] == .json
        let output = try self[.logFile].map { try LogFile.open(FilePath($0)) } ?? STDERR_FILENO
        CrashReport.write(to: output, asJSON: isJSON)
        return Logger(label: "nanobot") { _ in LineLogHandler(logLevel: level, isJSON: isJSON, output: output) }
    }
}

extension Logger.Level {
    fileprivate init(_ setting: Configuration.LogLevel) {
        switch setting {
        case .trace: self = .trace
        case .debug: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        case .critical: self = .critical
        }
    }
}
