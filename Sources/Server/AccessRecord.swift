import Concurrency

/// What the endpoint of a request has to say in its line of the access log. Never text of a conversation, never a secret.
package final class AccessRecord: Sendable {
    struct Fields {
        var model: String?
        var tokens: Int?
        var session: String?
    }

    private let state = Mutex(Fields())

    var fields: Fields { state.withLock(\.self) }

    /// Notes which session the request is for.
    package func note(session: String) { state.withLock { $0.session = session } }

    /// Notes which model answered, and how many tokens that took in all.
    package func note(model: String, tokens: Int) { state.withLock { ($0.model, $0.tokens) = (model, tokens) } }
}
