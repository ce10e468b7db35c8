import Concurrency

extension UpstreamModel {
    /// A turn, which remembers whether a chunk of its answer was passed on.
    struct Turn: Sendable {
        let prompt: Prompt
        let deadline: ContinuousClock.Instant
        /// Passes chunks on; nil if nobody wants them.
        let onDelta: (@Sendable (Delta) -> Void)?
        private let begun: Mutex<Bool>

        init(prompt: Prompt, deadline: ContinuousClock.Instant, onDelta: (@Sendable (Delta) -> Void)?) {
            self.prompt = prompt
            self.deadline = deadline
            let begun = Mutex(false)
            self.begun = begun
            if let onDelta {
                self.onDelta = { delta in
                    begun.withLock { $0 = true }
                    onDelta(delta)
                }
            } else {
                self.onDelta = nil
            }
        }

        var hasBegun: Bool { begun.withLock(\.self) }
    }
}
