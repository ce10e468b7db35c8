package import Logging

/// A line that a program logged.
package struct LogLine: Sendable {
    package let level: Logger.Level
    package let message: String
    package let metadata: [String: String]
}

extension Logger {
    /// A logger for tests.
    ///
    /// - Parameters:
    ///   - lines: gets what is logged, at any level.
    ///   - object: lives as long as the logger, and so as whoever has the logger.
    package static func test(_ lines: Log<LogLine> = Log(), keeping object: (any AnyObject & Sendable)? = nil) -> Logger {
        Logger(label: "test") { _ in RecordingLogHandler(lines: lines, kept: object) }
    }
}

private struct RecordingLogHandler: LogHandler {
    let lines: Log<LogLine>
    let kept: (any AnyObject & Sendable)?
    var logLevel = Logger.Level.trace
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { _, new in new }.merging(event.metadata ?? [:]) { _, new in new }
        lines.append(LogLine(level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
    }
}
