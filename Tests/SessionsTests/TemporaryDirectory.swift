import Chat
import Concurrency
import Foundation
import Harness
import Sessions
import SystemPackage
import TestSupport

/// A data directory for one test, removed with this object.
final class TemporaryDirectory: Sendable {
    let path: FilePath
    private let directory: Harness.TemporaryDirectory

    init() throws {
        directory = try Harness.TemporaryDirectory()
        path = FilePath(directory.path)
    }

    func store(
        limits: ContextLimits = ContextLimits(), busyTimeout: Duration = .seconds(600), durability: SessionStore.Durability = .relaxed,
        maximumSessionBytes: Int? = nil, log lines: Log<LogLine> = Log()
    ) throws -> SessionStore {
        var settings = SessionStore.Settings()
        settings.window = limits
        settings.busyTimeout = busyTimeout
        settings.durability = durability
        settings.maximumSessionBytes = maximumSessionBytes
        // The store keeps the directory, because it may outlive the test's own reference.
        return try SessionStore(directory: path, settings: settings, logger: .test(lines, keeping: self))
    }

    func file(_ name: String) -> FilePath { path.appending("sessions").appending(name) }

    func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(fileURLWithPath: file(name).string))) }

    func write(_ bytes: some Sequence<UInt8>, to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: file(name).string))
    }

    func names(in directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path.appending(directory).string).sorted()
    }
}

extension SessionStore {
    /// Stores one turn and returns the questions of the turns that it saw.
    @discardableResult
    func say(_ question: String, answer: String = "Hi", to key: String = "a") async throws -> [String] {
        let seen = Mutex<[String]>([])
        _ = try await turn(of: SessionKey(key), from: .make()) { history in
            seen.withLock { $0 = history.map { $0.messages[0].content } }
            return .make(question, answer: answer)
        }
        return seen.withLock(\.self)
    }
}
