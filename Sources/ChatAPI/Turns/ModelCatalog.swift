package import Access
package import Models
import Server
import Text

/// The models that the API offers.
package struct ModelCatalog: Sendable {
    /// A model under the name that clients use.
    package struct Entry: Sendable {
        package var id: String
        /// The system prompt of every turn.
        package var systemPrompt: String?
        package var model: any ChatModel
        /// Nil if it is not known.
        package var price: Price?
        /// The operator's name of the model, which clients that choose `id` themselves cannot change.
        let listedID: String

        package init(id: String, systemPrompt: String? = nil, model: any ChatModel, price: Price? = nil) {
            (self.id, self.systemPrompt, self.model, self.price, listedID) = (id, systemPrompt, model, price, id)
        }

        /// The entry under the name that a client uses.
        func named(_ name: String) -> Entry {
            var entry = self
            entry.id = name
            return entry
        }
    }

    /// The listed models, in order.
    let entries: [Entry]
    /// Answers requests that name no model.
    let standard: Entry
    private let isList: Bool

    /// - Parameters:
    ///   - standard: the only model if `list` is empty. It then answers under any name that a client asks for.
    ///   - list: all models, unless it is empty. A request that names none gets the one with the id of `standard`, or else the first.
    package init(default standard: Entry, list: [Entry] = []) {
        isList = !list.isEmpty
        entries = isList ? list : [standard]
        self.standard = list.first { $0.id == standard.id } ?? list.first ?? standard
    }

    /// The model that answers a request, under the name that the client sees.
    ///
    /// - Parameter name: the model that the request names, if any.
    func entry(for name: String?) throws(APIError) -> Entry {
        guard let name else { return standard }
        guard isList else { return standard.named(name) }
        return try entry(listed: name)
    }

    /// The model listed under an id.
    func entry(listed id: String) throws(APIError) -> Entry {
        guard let entry = entries.first(where: { $0.id == id }) else {
            throw .modelNotFound("The model '\(id)' does not exist")
        }
        return entry
    }
}
