import CGI
import Concurrency

/// Whether one request's response reaches its client, as far as the web server tells.
package final class Delivery: Sendable {
    private let output: any ResponseOutput
    private let state = Mutex<(action: (@Sendable () -> Void)?, isKnownAsLost: Bool)>((nil, false))

    init(_ output: any ResponseOutput) { self.output = output }

    /// True if the client is known to have left. Whoever is told so deals with it: the action of `ifLost` is then not run.
    package var hasClientLeft: Bool {
        guard output.isAbandoned else { return false }
        state.withLock { $0.isKnownAsLost = true }
        return true
    }

    /// Sets what is to be done if the web server does not take the response to its end, for whatever reason. It must not wait.
    package func ifLost(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.action = action } }

    /// Does it, the first time.
    func fail() {
        let action = state.withLock { state in
            defer { state.action = nil }
            return state.isKnownAsLost ? nil : state.action
        }
        action?()
    }
}
