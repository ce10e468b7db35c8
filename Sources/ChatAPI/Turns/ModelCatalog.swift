package import Models
import Server

/// The models that the API offers.
package struct ModelCatalog: Sendable {
    /// A model under the name by which clients know it.
    package struct Entry: Sendable {
        /// The model's id, shown to clients and asked for by them.
        package var id: String
        /// The system prompt of every turn.
        package var systemPrompt: String?
        /// What answers.
        package var model: any ChatModel

        /// Makes an entry.
        package init(id: String, systemPrompt: String? = nil, model: any ChatModel) {
            (self.id, self.systemPrompt, self.model) = (id, systemPrompt, model)
        }
    }

    /// What is listed, in order.
    let entries: [Entry]
    private let standard: Entry
    private let isList: Bool

    /// Makes a catalog.
    ///
    /// - Parameters:
    ///   - standard: answers where there is no list, under any name that a client asks for.
    ///   - list: all the models that there are, where it is not empty. Of them the one with the id of `standard`, else the first, answers
    ///     those who name none.
    package init(default standard: Entry, list: [Entry] = []) {
        isList = !list.isEmpty
        entries = isList ? list : [standard]
        self.standard = list.first { $0.id == standard.id } ?? list.first ?? standard
    }

    /// The model that answers a request, under the name that the client gets to see.
    ///
    /// - Parameter name: the one that the request asks for, if any.
    func entry(for name: String?) throws(APIError) -> Entry {
        guard let name else { return standard }
        guard isList else { return Entry(id: name, systemPrompt: standard.systemPrompt, model: standard.model) }
        return try entry(listed: name)
    }

    /// The model that is listed under an id.
    func entry(listed id: String) throws(APIError) -> Entry {
        guard let entry = entries.first(where: { $0.id == id }) else { throw .modelNotFound("The model '\(id)' does not exist") }
        return entry
    }
}
