import Concurrency
import Configuration
import Logging

extension Configuration {
    /// A logger with the configured level and format. Crash reports get the same format.
    func logger() throws -> Logger {
        let level = Logger.Level(try self[.logLevel])
        let isJSON = try self[.logFormat] == .json
        CrashReport.useJSON(isJSON)
        return Logger(label: "nanobot") { _ in LineLogHandler(logLevel: level, isJSON: isJSON) }
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
