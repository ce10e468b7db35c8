import Sessions
import SystemPackage
import Testing

@testable import Doctor

@Suite("The check of a shared data directory from both sides")
struct PeerCheckTests {
    private func diagnostics(_ there: StaleMount, patience: Duration = .milliseconds(200)) async throws -> [Diagnostic] {
        let directory = try TemporaryDirectory()
        let token = try ProbeToken(in: directory.path)
        defer { token.remove() }
        let here = LocalSide(place: "here", probe: try #require(PeerProbe(token: token.token, in: directory.path)))
        let peer = LocalSide(place: "there", probe: try #require(PeerProbe(token: token.token, in: directory.path, there)))
        return await PeerCheck(here: here, there: peer, fix: ["mend it"], patience: patience).diagnostics()
    }

    @Test("two sides that see the same pass every check")
    func healthy() async throws {
        let found = try await diagnostics(StaleMount(nil))
        #expect(found.map(\.level) == [.ok, .ok, .ok, .ok], "\(found)")
        #expect(found.map { $0.text.prefix { $0 != ":" } } == ["names", "appends", "locks", "clocks"])
    }

    @Test(
        "each fault of the other side is reported by name, with what mends it",
        arguments: [
            (
                StaleMount.Fault.size,
                [
                    "appends: what is added here is not seen at once there (nor after 0.2 s): a turn there would overwrite it",
                    "appends: what was added there overwrote what had been added here: turns are lost",
                ]
            ),
            (.content, ["names: a file that was renamed", "appends: what is added here is not seen at once there (nor after 0.2 s)"]),
            (
                .name,
                [
                    "names: a file that was made here is not seen at once there (nor after 0.2 s)",
                    "names: a file that was renamed over another here is not seen at once there",
                ]
            ),
            (.lock, ["locks: one that is held here does not keep out there", "locks: one that is held there does not keep out here"]),
        ])
    func faults(fault: StaleMount.Fault, texts: [String]) async throws {
        let found = try await diagnostics(StaleMount(fault))
        let problems = found.filter { $0.level == .problem }
        for text in texts { #expect(problems.contains { $0.text.hasPrefix(text) }, "\(text): \(problems.map(\.text))") }
        for problem in problems { #expect(problem.fix == ["mend it"]) }
        if fault == .lock { #expect(problems.count == 2) } else { #expect(!problems.contains { $0.text.hasPrefix("locks") }) }
    }

    @Test(
        "what is seen late has the time that it took",
        arguments: [
            (StaleMount.Fault.size, ["appends: what is added"]), (.content, ["appends: what is added"]),
            (.name, ["names: a file that was made", "names: a file that was renamed over another", "names: the removal of a file"]),
        ])
    func late(fault: StaleMount.Fault, texts: [String]) async throws {
        let found = try await diagnostics(StaleMount(fault, memory: .milliseconds(300)), patience: .seconds(600))
        for text in texts {
            let late = found.filter { $0.text.hasPrefix(text) && $0.text.contains(" at once there (but after ") }
            #expect(late.map(\.level) == [.problem], "\(text): \(found.map(\.text))")
        }
    }

    @Test("what has no part in it is a problem by its name, and the other checks go on")
    func failing() async throws {
        struct Broken: PeerSide {
            let place = "there"
            func perform(_ action: PeerProbe.Action) throws -> PeerView { throw PeerError(description: "no", fix: ["try again"]) }
            func whileLocked<Result: Sendable>(_ body: @Sendable () async throws -> Result) throws -> Result? { nil }
        }
        let found = await PeerCheck(here: Broken(), there: Broken(), fix: ["mend it"]).diagnostics()
        #expect(
            found == [
                .problem("names: no", ["try again"]), .problem("appends: no", ["try again"]),
                .problem("locks: one could not be held long enough there", ["mend it"]),
                .problem("locks: one could not be held long enough there", ["mend it"]), .problem("clocks: no", ["try again"]),
            ])
    }
}
