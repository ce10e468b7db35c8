import Testing

@testable import Models

@Suite("The circuit breaker and the backoff")
struct CircuitBreakerTests {
    private let start = ContinuousClock.now

    private func opened() -> CircuitBreaker {
        var circuit = CircuitBreaker()
        for _ in 0..<CircuitBreaker.threshold { circuit.record(.failure, isProbe: false, at: start) }
        return circuit
    }

    @Test("the circuit opens after five failures in a row")
    func opens() {
        var circuit = CircuitBreaker()
        for outcome in [
            CircuitBreaker.Outcome.failure, .failure, .failure, .failure, .success, .failure, .failure, .unknown, .failure, .failure,
        ] {
            circuit.record(outcome, isProbe: false, at: start)
            #expect(circuit.admit(at: start) == .admitted(isProbe: false))
        }
        circuit.record(.failure, isProbe: false, at: start)
        #expect(circuit.admit(at: start) == .refused(.seconds(1)))
    }

    @Test("an open circuit admits one probe after a pause, which doubles up to a minute")
    func probes() {
        var circuit = opened()
        var now = start
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            #expect(circuit.admit(at: now) == .refused(.seconds(seconds)))
            now += .seconds(seconds)
            #expect(circuit.admit(at: now) == .admitted(isProbe: true))
            #expect(circuit.admit(at: now) == .refused(.seconds(seconds)))
            circuit.record(.failure, isProbe: true, at: now)
        }
    }

    @Test("a successful probe closes the circuit and resets it")
    func closes() {
        var circuit = opened()
        _ = circuit.admit(at: start + .seconds(1))
        circuit.record(.success, isProbe: true, at: start)
        #expect(circuit == CircuitBreaker())
    }

    @Test("after a cancelled probe the next attempt is the probe")
    func cancelledProbe() {
        var circuit = opened()
        _ = circuit.admit(at: start + .seconds(1))
        circuit.record(.unknown, isProbe: true, at: start)
        #expect(circuit.admit(at: start + .seconds(1)) == .admitted(isProbe: true))
    }

    @Test("failures of attempts that began before the circuit opened do not count")
    func late() {
        var circuit = opened()
        circuit.record(.failure, isProbe: false, at: start + .seconds(9))
        #expect(circuit.admit(at: start + .seconds(1)) == .admitted(isProbe: true))
    }

    @Test("pauses grow up to a maximum, with full jitter, on top of Retry-After")
    func pauses() {
        #expect((0..<7).map { Backoff.pause(before: $0, retryAfter: nil, random: 1) / .seconds(1) } == [0.5, 1, 2, 4, 8, 8, 8])
        #expect(Backoff.pause(before: 3, retryAfter: nil, random: 0) == .zero)
        #expect(Backoff.pause(before: 500, retryAfter: nil, random: 1) == .seconds(8))
        #expect(Backoff.pause(before: 1, retryAfter: 10, random: 0.5) == .milliseconds(10_500))
    }
}
