import Testing
import Text

@testable import Models

@Suite("The circuit breaker and the backoff")
struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    private func opened() -> CircuitBreaker {
        var circuit = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { circuit.record(.unreachable, at: start) }
        return circuit
    }

    private func failure(_ conversation: String) -> CircuitBreaker.Outcome { .failure(conversation: TextKey(conversation)) }

    @Test("the circuit opens if the upstream cannot be reached five times in a row")
    func opens() {
        var circuit = CircuitBreaker()
        for outcome in [
            CircuitBreaker.Outcome.unreachable, .unreachable, .unreachable, .unreachable, .success, .unreachable, .unreachable, .unknown,
            .unreachable, .unreachable,
        ] {
            circuit.record(outcome, at: start)
            #expect(circuit.admit(at: start) == .admitted)
        }
        circuit.record(.unreachable, at: start)
        #expect(circuit.admit(at: start) == .refused(.seconds(1)))
    }

    @Test("the failures of one conversation do not open the circuit, those of five in a row do")
    func conversations() {
        var circuit = CircuitBreaker()
        for _ in 0..<100 { circuit.record(failure("a"), at: start) }
        for name in ["b", "c", "d"] { circuit.record(failure(name), at: start) }
        #expect(circuit.admit(at: start) == .admitted)
        circuit.record(.success, at: start)
        for name in ["e", "f", "g", "h"] { circuit.record(failure(name), at: start) }
        #expect(circuit.admit(at: start) == .admitted)
        circuit.record(failure("i"), at: start)
        #expect(circuit.admit(at: start) == .refused(.seconds(1)))
    }

    @Test("an open circuit admits one probe after a pause, which doubles up to a minute", arguments: [true, false])
    func probes(isReachable: Bool) {
        var circuit = opened()
        var now = start
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(circuit.admit(at: now) == .refused(.seconds(seconds)))
            now += .seconds(seconds)
            #expect(circuit.admit(at: now) == .probe)
            #expect(circuit.admit(at: now) == .refused(.seconds(seconds)))
            circuit.recordProbe(isReachable ? failure("a") : .unreachable, at: now)
        }
    }

    @Test("a successful probe closes the circuit and resets it")
    func closes() {
        var circuit = opened()
        _ = circuit.admit(at: start + .seconds(1))
        circuit.recordProbe(.success, at: start)
        #expect(circuit == CircuitBreaker())
    }

    @Test("after a cancelled probe the next attempt is the probe")
    func cancelledProbe() {
        var circuit = opened()
        _ = circuit.admit(at: start + .seconds(1))
        circuit.recordProbe(.unknown, at: start)
        #expect(circuit.admit(at: start + .seconds(1)) == .probe)
    }

    @Test("failures of attempts that began before the circuit opened do not count")
    func late() {
        var circuit = opened()
        circuit.record(.unreachable, at: start + .seconds(9))
        #expect(circuit.admit(at: start + .seconds(1)) == .probe)
    }

    @Test("pauses grow up to a maximum, with full jitter, on top of Retry-After")
    func pauses() {
        #expect((0..<7).map { Backoff.pause(before: $0, retryAfter: nil, random: 1) / .seconds(1) } == [0.5, 1, 2, 4, 8, 8, 8])
        #expect(Backoff.pause(before: 3, retryAfter: nil, random: 0) == .zero)
        #expect(Backoff.pause(before: 500, retryAfter: nil, random: 1) == .seconds(8))
        #expect(Backoff.pause(before: 1, retryAfter: 10, random: 0.5) == .milliseconds(10_500))
    }
}
