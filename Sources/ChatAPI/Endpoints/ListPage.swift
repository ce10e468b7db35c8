import CGI
import JSON
import Server
import Text

/// Which page of a list a request asks for.
struct ListPage {
    let limit: Int
    /// True for the oldest first.
    let isForward: Bool
    /// The id of the item before the page; nil for the first page.
    let after: String?

    /// - Parameter isForward: the order if the request names none.
    /// - Throws: `APIError` if the request asks for what cannot be.
    init(_ request: Request, isForward: Bool = false) throws(APIError) {
        limit = try request.wholeNumber("limit", in: 1...100) ?? 20
        let order = request.query("order") ?? (isForward ? "asc" : "desc")
        guard order == "asc" || order == "desc" else { throw .invalidValue("order must be asc or desc", param: "order") }
        self.isForward = order == "asc"
        after = request.query("after").flatMap { $0.isEmpty ? nil : $0 }
    }

    static let unknownPlace = APIError.invalidValue("after must be the id of an item of this list", param: "after")

    /// The page of items that are all there, oldest first.
    func list(of items: [JSONValue]) throws(APIError) -> JSONValue {
        var rest = (isForward ? items : items.reversed())[...]
        if let after {
            guard let place = rest.firstIndex(where: { $0.member("id")?.string == after }) else { throw Self.unknownPlace }
            rest = rest[(place + 1)...]
        }
        return list(Array(rest))
    }

    /// The page that begins with these items, in its order.
    func list(_ items: [JSONValue]) -> JSONValue { Self.list(Array(items.prefix(limit)), hasMore: items.count > limit) }

    static func list(_ items: [JSONValue], hasMore: Bool) -> JSONValue {
        [
            "object": "list", "data": .array(items), "first_id": items.first?.member("id") ?? "",
            "last_id": items.last?.member("id") ?? "", "has_more": .bool(hasMore),
        ]
    }
}
