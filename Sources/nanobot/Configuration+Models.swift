import Chat
import ChatAPI
import Models

extension Configuration {
    /// The models that answer: the built-in one, or those of upstreams.
    ///
    /// - Parameter maximumConnections: to upstreams, at once.
    func models(maximumConnections: Int) throws -> ModelCatalog {
        let client = UpstreamClient(maximumConnections: maximumConnections)
        var limits = UpstreamModel.Limits()
        limits.timeout = .seconds(try integer("upstream.timeout", in: 1...86_400))
        limits.connectTimeout = .seconds(try integer("upstream.connectTimeout", in: 1...3600))
        limits.retries = try integer("upstream.retries", in: 0...20)
        let fallbacks = try fallbacks()
        let main = try text("upstream.url").map { url in
            UpstreamSettings(url: try self.url(url, "upstream.url"), key: text("upstream.key"), model: text("upstream.model"))
        }
        func model(_ upstream: UpstreamSettings?) -> any ChatModel {
            guard let upstream else { return BuiltinModel() }
            return UpstreamModel([upstream] + fallbacks, limits: limits, client: client)
        }
        let system = text("model.system")
        let standard = ModelCatalog.Entry(
            id: try value("model.name", "a name") { $0.isEmpty ? nil : $0 }, systemPrompt: system, model: model(main))
        let list = try members(of: "models").map { id, value in
            let place = "models.\(id)"
            let entry = try Object(value, place, known: ["upstream", "model", "system"])
            let own = try entry.members["upstream"].map { try upstream($0, "\(place).upstream") }
            guard var upstream = own ?? main else {
                throw Failure(description: "\(place) has no upstream, and there is no upstream.url to take its place.")
            }
            if let name = try entry.text("model") { upstream.model = name }
            return ModelCatalog.Entry(id: id, systemPrompt: try entry.text("system") ?? system, model: model(upstream))
        }
        return ModelCatalog(default: standard, list: list)
    }

    private func fallbacks() throws -> [UpstreamSettings] {
        guard let value = try json("upstream.fallbacks") else { return [] }
        guard case .array(let elements) = value else { throw Failure(description: "upstream.fallbacks must be an array of objects.") }
        return try elements.enumerated().map { try upstream($1, "upstream.fallbacks[\($0)]") }
    }

    private func members(of key: String) throws -> [(String, JSONValue)] {
        guard let value = try json(key) else { return [] }
        guard case .object(let members) = value else { throw Failure(description: "\(key) must be an object.") }
        return members
    }

    /// A setting that is JSON text.
    private func json(_ key: String) throws -> JSONValue? {
        try text(key).map { text in
            var scanner = JSONScanner(Array(text.utf8))
            do throws(JSONSyntaxError) {
                let value = try scanner.tree()
                try scanner.expectEnd()
                return value
            } catch {
                throw Failure(description: "\(key) must be JSON, but \(error).")
            }
        }
    }

    private func upstream(_ value: JSONValue, _ place: String) throws -> UpstreamSettings {
        let object = try Object(value, place, known: ["url", "key", "model"])
        guard let url = try object.text("url") else { throw Failure(description: "\(place) has no url.") }
        return UpstreamSettings(url: try self.url(url, "\(place).url"), key: try object.text("key"), model: try object.text("model"))
    }

    private func url(_ text: String, _ place: String) throws -> String {
        guard ["http://", "https://"].contains(where: text.hasPrefix), text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }) else {
            throw Failure(description: "\(place) must be an http or https URL, such as https://api.example.com/v1.")
        }
        return text
    }

    /// An object in a setting that is JSON; names that are not known are refused.
    private struct Object {
        let place: String
        let members: [String: JSONValue]

        init(_ value: JSONValue, _ place: String, known: [String]) throws {
            guard case .object(let members) = value else { throw Failure(description: "\(place) must be an object.") }
            if let unknown = members.first(where: { !known.contains($0.0) }) {
                throw Failure(description: "\(place) has the unknown key \"\(unknown.0)\"; known are \(known.joined(separator: ", ")).")
            }
            self.place = place
            self.members = Dictionary(members) { $1 }
        }

        func text(_ name: String) throws -> String? {
            switch members[name] {
            case nil, .null: return nil
            case .string(let text): return text
            default: throw Failure(description: "\(place).\(name) must be a string.")
            }
        }
    }
}
