import Foundation
import Glibc
import TestSupport
import Testing

/// What happens to the responders while clients use them. `NANOBOT_WITHOUT`, such as `clocks,pauses`, leaves kinds out.
struct Disturbances {
    enum Kind: String, CaseIterable {
        /// SIGKILL and a new start.
        case kills
        /// SIGTERM and a new start.
        case stops
        /// SIGSTOP and, soon, SIGCONT.
        case pauses
        /// A new process has another time of day.
        case clocks
        /// A new process has an older kernel.
        case kernels
    }

    static let kinds = Kind.allCases.filter { kind in
        !(ProcessInfo.processInfo.environment["NANOBOT_WITHOUT"] ?? "").split(separator: ",").contains { $0 == kind.rawValue }
    }
    /// The clocks that a process may have. Half of them are right.
    static let clocks = kinds.contains(.clocks) ? Clock.allCases + [.right, .right] : [.right]

    private static let kernels = kinds.contains(.kernels) ? Kernel.allCases : [.systems]

    private let directory: SharedDirectory
    private var generator: SplitMix64

    /// Starts the responders.
    init(_ directory: SharedDirectory, seed: UInt64) async throws {
        self.directory = directory
        generator = SplitMix64(seed: seed)
        for index in 0..<SharedDirectory.responderCount { try await start(index) }
    }

    /// Disturbs the responders until the clients are done. Gives how often it did what.
    consuming func run(until isDone: @Sendable () -> Bool) async throws -> [Kind: Int] {
        var counts: [Kind: Int] = [:]
        while try await moment(50...300, or: isDone) {
            let index = Int.random(in: 0..<SharedDirectory.responderCount, using: &generator)
            guard let kind = Self.kinds.filter({ ![.clocks, .kernels].contains($0) }).randomElement(using: &generator) else { continue }
            counts[kind, default: 0] += 1
            switch kind {
            case .pauses:
                directory.signal(index, SIGSTOP)
                _ = try await moment(10...200, or: isDone)
                directory.signal(index, SIGCONT)
            default:
                try await directory.end(index, kind == .kills ? SIGKILL : SIGTERM)
                try await start(index)
            }
        }
        return counts
    }

    private mutating func start(_ index: Int) async throws {
        let clock = Self.clocks.randomElement(using: &generator) ?? .right
        try await directory.start(index, clock, Self.kernels.randomElement(using: &generator) ?? .systems)
    }

    /// Waits for a moment that is not foreseen. False if the clients are done before.
    private mutating func moment(_ milliseconds: ClosedRange<Int>, or isDone: () -> Bool) async throws -> Bool {
        let moment = ContinuousClock.now + .milliseconds(Int.random(in: milliseconds, using: &generator))
        return try await !eventually { isDone() || .now >= moment } ? false : !isDone()
    }
}
