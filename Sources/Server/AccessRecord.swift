import Concurrency

/// What an endpoint adds to a request's line in the access log. It never holds the text of a conversation or a secret.
package final class AccessRecord: Sendable {
    struct Fields {
        var model: String?
        var tokens: Int?
        var session: String?
        var key: String?
    }

    private let state = Mutex(Fields())

    var fields: Fields { state.withLock { $0 } }

    func note(key: String) { state.withLock { $0.key = key } }

    package func note(session: String) { state.withLock { $0.session = session } }

    /// Notes which model answered, and the total tokens used.
    package func note(model: String, tokens: Int) { state.withLock { ($0.model, $0.tokens) = (model, tokens) } }
}
